-- Show a definition of the package, from the file itself, so it can't drift:
--
--   ```{.python definition="digits.statistics.difference"}
--   ```
--
-- With from="…" or to="…" it begins or ends with the first line that has this
-- text. It is read when the document is rendered, not when it is executed, so that
-- a reworded comment shows at once and executes nothing.

-- Quarto takes an error in a filter for a remark, and renders on without it.
local function stop(message)
  io.stderr:write("listing.lua: " .. message .. "\n")
  os.exit(1)
end

local function source(dotted)
  local module, name = dotted:match("^(.+)%.([%w_]+)$")
  local folder = os.getenv("QUARTO_PROJECT_DIR") or "."
  local path = folder .. "/code/" .. module:gsub("%.", "/") .. ".py"
  local file = io.open(path) or stop("there is no " .. path)
  local lines, inside = {}, false
  local before = {}
  for line in file:lines() do
    if line:match("^%a+%s+" .. name .. "%f[^%w_]") then
      inside = true
      for _, decorator in ipairs(before) do table.insert(lines, decorator) end
      table.insert(lines, line)
    elseif inside and line:match("^[^%s)]") then
      break
    elseif inside then
      table.insert(lines, line)
    elseif line:match("^@") then
      table.insert(before, line)
    elseif line ~= "" then
      before = {}
    end
  end
  if not inside then stop("no definition of " .. name .. " in " .. path) end
  return (table.concat(lines, "\n"):gsub("%s+$", ""))
end

-- A part of a definition, moved to the left as far as its first line.
local function part(text, from, to)
  local lines, inside, margin = {}, from == nil, ""
  for line in (text .. "\n"):gmatch("(.-)\n") do
    if not inside and line:find(from, 1, true) then
      inside, margin = true, line:match("^ *")
    end
    if inside then
      if line:sub(1, #margin) == margin then line = line:sub(#margin + 1) end
      table.insert(lines, line)
      if to and line:find(to, 1, true) then return table.concat(lines, "\n") end
    end
  end
  if to or not inside then stop("nothing from " .. (from or "the beginning")
    .. " to " .. (to or "the end")) end
  return table.concat(lines, "\n")
end

function CodeBlock(block)
  local dotted = block.attributes["definition"]
  if dotted then
    block.text = part(
      source(dotted), block.attributes["from"], block.attributes["to"]
    )
    for _, name in ipairs { "definition", "from", "to" } do
      block.attributes[name] = nil
    end
    return block
  end
end
