-- The front page: what a hand-in must say of itself, from group.yml.
--
-- In PDF it becomes part of the title page (before-body.tex); in the other
-- formats it is a table at the top. Values are taken as text alone.

local function text(value)
  return pandoc.utils.stringify(value or "")
end

local function rows_of(page)
  local rows = {
    { "Course", text(page.course) },
    { "Assignment", text(page.assignment) },
    { "Group", text(page.group) },
  }
  for _, author in ipairs(page.authors or {}) do
    table.insert(rows, {
      "Author", text(author.name) .. ", hours spent: " .. text(author.hours),
    })
  end
  table.insert(rows, { "Date", text(page.date) })
  return rows
end

local function as_table(rows)
  local cells = {}
  for _, row in ipairs(rows) do
    table.insert(cells, {
      { pandoc.Plain { pandoc.Strong { pandoc.Str(row[1]) } } },
      { pandoc.Plain { pandoc.Str(row[2]) } },
    })
  end
  return pandoc.utils.from_simple_table(pandoc.SimpleTable(
    {}, { pandoc.AlignLeft, pandoc.AlignLeft }, { 0, 0 }, { {}, {} }, cells
  ))
end

-- Not pandoc's table: that would take the number of the report's first one.
local function as_latex(rows)
  local lines = {}
  for _, row in ipairs(rows) do
    local value = pandoc.Pandoc { pandoc.Plain { pandoc.Str(row[2]) } }
    table.insert(lines, "\\textbf{" .. row[1] .. "} & "
      .. pandoc.write(value, "latex") .. "\\\\[0.6ex]")
  end
  return pandoc.RawBlock("latex",
    "\\begin{tabular}{@{}lp{0.75\\textwidth}@{}}\n"
    .. table.concat(lines, "\n") .. "\n\\end{tabular}")
end

function Pandoc(document)
  local page = document.meta["front-page"]
  if not page then
    io.stderr:write("front-page.lua: group.yml has no front-page\n")
    os.exit(1)
  end
  local rows = rows_of(page)
  -- The file's own data: LaTeX takes one string, HTML a list.
  local names = pandoc.List(page.authors or {}):map(function(author)
    return text(author.name)
  end)
  local latex = FORMAT:match("latex")
  document.meta["author-meta"] = latex and table.concat(names, "; ") or names
  if latex then
    document.meta["title-page"] = pandoc.MetaBlocks { as_latex(rows) }
  else
    document.blocks:insert(1, as_table(rows))
  end
  return document
end
