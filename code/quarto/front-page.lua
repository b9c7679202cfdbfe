-- The front page: what a hand-in must say of itself, from group.yml.
--
-- In PDF it becomes part of the title page (before-body.tex); in the other
-- formats it is a table at the top. Values are taken as text alone: pandoc
-- reads them as Markdown, and what that takes for a formula, for HTML or for
-- LaTeX is put back as it was written, so that it prints and never acts.

local function stop(message)
  io.stderr:write("front-page.lua: " .. message .. "\n")
  os.exit(1)
end

local as_written = {
  Math = function(formula)
    local mark = formula.mathtype == "DisplayMath" and "$$" or "$"
    return pandoc.Str(mark .. formula.text .. mark)
  end,
  RawInline = function(raw) return pandoc.Str(raw.text) end,
  RawBlock = function(raw) return pandoc.Plain { pandoc.Str(raw.text) } end,
}

local function text(value)
  local kind = pandoc.utils.type(value)
  if kind == "Inlines" or kind == "Blocks" then
    value = value:walk(as_written)
  elseif kind == "List" or kind == "table" then
    stop("an entry of group.yml is a list or has parts, and not a text")
  end
  return (pandoc.utils.stringify(value or ""):gsub("%s+", " "))
end

local function rows_of(page)
  local rows = {
    { "Course", text(page.course) },
    { "Assignment", text(page.assignment) },
    { "Group", text(page.group) },
  }
  local authors = page.authors or {}
  if pandoc.utils.type(authors) ~= "List" and next(authors) then
    stop("authors in group.yml is not a list")
  end
  for _, author in ipairs(authors) do
    if pandoc.utils.type(author) ~= "table" then
      stop("an author in group.yml has no name and hours")
    end
    table.insert(rows, {
      "Author", text(author.name) .. ", hours spent: " .. text(author.hours),
    })
  end
  table.insert(rows, { "Date", text(page.date) })
  return rows
end

-- The report's own font has what Europe writes in Latin letters, and pandoc
-- writes these quotes and dashes itself.
local function is_plain(value)
  for _, code in utf8.codes(value) do
    if code > 0xFF and (code < 0x2013 or code > 0x2026) then return false end
  end
  return true
end

-- Values cut into runs of one font each (code/handin/front/letters.py), written in a
-- format. Python is asked only where a value has letters from elsewhere.
local function write_runs(rows, form)
  local strange = {}
  for _, row in ipairs(rows) do
    if not is_plain(row[2]) then table.insert(strange, row[2]) end
  end
  local runs = {}
  if #strange > 0 then
    local python = pandoc.system.os == "mingw32" and "python" or "python3"
    local answer = pandoc.pipe(os.getenv("QUARTO_PYTHON") or python, {
      "-c", "import sys; sys.path.insert(0, 'code'); "
        .. "from handin.front.letters import main; main()", form,
    }, pandoc.json.encode(strange))
    for place, found in ipairs(pandoc.json.decode(answer)) do
      runs[strange[place]] = found
    end
  end
  for _, row in ipairs(rows) do
    local parts = runs[row[2]] or { { text = row[2], before = "", after = "" } }
    row.inlines = pandoc.List {}
    for _, part in ipairs(parts) do
      row.inlines:extend {
        pandoc.RawInline(form, part.before), pandoc.Str(part.text),
        pandoc.RawInline(form, part.after),
      }
    end
  end
end

local function as_table(rows)
  if FORMAT:match("typst") then write_runs(rows, "typst") end
  local cells = {}
  for _, row in ipairs(rows) do
    table.insert(cells, {
      { pandoc.Plain { pandoc.Strong { pandoc.Str(row[1]) } } },
      { pandoc.Plain(row.inlines or { pandoc.Str(row[2]) }) },
    })
  end
  return pandoc.utils.from_simple_table(pandoc.SimpleTable(
    {}, { pandoc.AlignLeft, pandoc.AlignLeft }, { 0, 0 }, { {}, {} }, cells
  ))
end

-- Not pandoc's table: that would take the number of the report's first one.
-- TeX is to set from right to left, and to keep beside the glyphs what was
-- written, so that a name can be searched for and copied.
local function as_latex(rows)
  write_runs(rows, "latex")
  local lines = {}
  for _, row in ipairs(rows) do
    local value = pandoc.Pandoc { pandoc.Plain(row.inlines) }
    table.insert(lines, "\\textbf{" .. row[1] .. "} & "
      .. pandoc.write(value, "latex") .. "\\\\[0.6ex]")
  end
  return pandoc.RawBlock("latex",
    "\\TeXXeTstate=1\\XeTeXgenerateactualtext=1\n\\begin{tabular}{@{}lp{0.75\\textwidth}@{}}\n"
    .. table.concat(lines, "\n") .. "\n\\end{tabular}")
end

function Pandoc(document)
  local page = document.meta["front-page"]
  if pandoc.utils.type(page) ~= "table" then
    stop("group.yml has no front-page")
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
  elseif FORMAT:match("typst") then  -- before the contents
    document.meta["include-before"] = pandoc.MetaBlocks { as_table(rows) }
  else
    document.blocks:insert(1, as_table(rows))
  end
  return document
end
