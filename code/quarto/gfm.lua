-- What report.md needs to read well on a code host.

if not (FORMAT:match("commonmark") or FORMAT:match("gfm")) then return {} end

-- Figures are those kept in the freeze: Quarto removes report_files/, the
-- place it names, once the self-contained HTML is built. And it leaves the
-- alternative text where no reader of Markdown finds it.
local function show_figure(image)
  image.src = image.src:gsub("^report_files/", "_freeze/report/")
  local text = image.attributes["fig-alt"]
  if text then
    image.caption = { pandoc.Str(text) }
    image.attributes["fig-alt"] = nil
  end
  return image
end

-- A formula in a span is not taken for one: its anchor comes before it.
local function free_equation(paragraph)
  local span = paragraph.content[1]
  if #paragraph.content == 1 and span.t == "Span"
      and span.identifier:match("^eq%-") then
    local anchor = '<a id="' .. span.identifier .. '"></a>'
    return { pandoc.RawBlock("html", anchor), pandoc.Para(span.content) }
  end
end

-- The identifiers of sections, which links name, are not those that a code host
-- makes of their titles.
local function keep_anchor(header)
  if header.identifier:match("^sec%-") then
    local anchor = '<a id="' .. header.identifier .. '"></a>'
    return { pandoc.RawBlock("html", anchor), header }
  end
end

return {
  { Image = show_figure, Para = free_equation, Header = keep_anchor },
}
