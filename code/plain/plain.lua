-- The plain layout: report.md as HTML, and that as Typst.

-- The first heading of report.md is its title, and the table below it the
-- front page of the group that it was made for.
local function take_title(document)
  for position, block in ipairs(document.blocks) do
    if block.t == "Header" then
      document.meta.title = pandoc.MetaInlines(block.content)
      document.blocks:remove(position)
      if document.blocks[position].t == "Table" then
        document.blocks:remove(position)
      end
      return document
    end
  end
end

-- The anchor before a heading becomes its name: Typst would take it for the name
-- of what stands before.
local function name_sections(document)
  local blocks = document.blocks
  for position = #blocks - 1, 1, -1 do
    local anchor, header = blocks[position], blocks[position + 1]
    local span = header.t == "Header" and anchor.t == "Para"
      and #anchor.content == 1 and anchor.content[1]
    if span and span.t == "Span" and span.identifier:match("^sec%-") then
      header.identifier = span.identifier
      blocks:remove(position)
    end
  end
  return document
end

-- Typst knows the language by one class, and paths from the root by a slash.
local function name_language(block)
  if block.classes:includes("python") then block.classes = { "python" } end
  return block
end

local function fill_width(image)
  image.src = "/" .. image.src
  image.attributes.width = "100%"
  return image
end

-- Figures and tables go to the top or the bottom of a page, each in one piece
-- with its caption, and the text flows on. A table of a page stays, and may
-- break.
local LONGEST = 14  -- rows

local function float(div)
  local kind, rows = div.identifier:match("^(%l+)%-"), 0
  if kind ~= "fig" and kind ~= "tbl" then return nil end
  div:walk { Table = function(part) rows = rows + #part.bodies[1].body end }
  if rows > LONGEST then
    local breakable = "#[#show figure: set block(breakable: true)"
    return {
      pandoc.RawBlock("typst", breakable), div, pandoc.RawBlock("typst", "]"),
    }
  end
  return {
    pandoc.RawBlock("typst", "#place(auto, float: true, clearance: 1.2em)["
      .. "#block(width: 100%, breakable: false)[#set text(size: 0.9em)"),
    div,
    pandoc.RawBlock("typst", "]]"),
  }
end

local steps = { { Pandoc = take_title } }
if FORMAT:match("typst") then
  table.insert(steps, { Pandoc = name_sections })
  table.insert(steps, { CodeBlock = name_language, Image = fill_width })
  table.insert(steps, { Div = float })
end
return steps
