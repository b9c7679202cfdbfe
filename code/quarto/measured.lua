-- A measured number is a link to where it comes from: its experiment's row in
-- Appendix B. See code/digits/stating/sources.py, which marks it, and
-- measured.html, which shows the rest in the page.

local html, latex = FORMAT:match("html"), FORMAT:match("latex")

local function link(span)
  local findings = span.attributes["of"]
  local target = "#origin-" .. findings:match("^[%w_]+")
  if html then
    return pandoc.Link(span.content, target, "", {
      class = "measured", ["data-of"] = findings,
    })
  end
  return {
    pandoc.RawInline("latex", "\\measured{"),
    pandoc.Link(span.content, target),
    pandoc.RawInline("latex", "}"),
  }
end

-- Elsewhere, neither numbers nor rows are more than their text.
local function measured(span)
  local is_number = span.attributes["of"]
  if not is_number and not span.identifier:match("^origin%-") then return nil end
  if not (html or latex) then return span.content end
  return is_number and link(span) or nil
end

return { { Span = measured } }
