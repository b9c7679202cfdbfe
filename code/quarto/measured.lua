-- A measured number is a link to where it comes from: its experiment's row in
-- Appendix B. See code/digits/stating/sources.py, which marks it, and measured.js,
-- which shows the rest in the page.

local function anchor(findings)
  return "#origin-" .. findings:match("^[%w_]+")
end

local function measured(span)
  local findings = span.attributes["of"]
  local target = span.identifier:match("^origin%-")
  if not (findings or target) then return nil end
  if target then
    return not (FORMAT:match("html") or FORMAT:match("latex")) and span.content
      or nil
  elseif FORMAT:match("html") then
    return pandoc.Link(span.content, anchor(findings), "", {
      class = "measured", ["data-of"] = findings,
    })
  elseif FORMAT:match("latex") then
    return {
      pandoc.RawInline("latex", "\\measured{"),
      pandoc.Link(span.content, anchor(findings)),
      pandoc.RawInline("latex", "}"),
    }
  end
  return span.content
end

return { { Span = measured } }
