-- Show a definition of the package, from the file itself, so it can't drift:
--
--   ```{.python definition="digits.models.dense_classifier"}
--   ```
--
-- It is read when the document is rendered, not when it is executed, so that
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

function CodeBlock(block)
  local dotted = block.attributes["definition"]
  if dotted then
    block.text = source(dotted)
    block.attributes["definition"] = nil
    return block
  end
end
