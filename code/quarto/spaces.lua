-- No line ends between a number and its sign.

if FORMAT:match("commonmark") or FORMAT:match("gfm") then return {} end

-- A measured number is a span.
local function inner(inline, place)
  return inline.t == "Span" and inline.content[place(inline.content)] or inline
end

local function belongs(before, after)
  before = inner(before, function(content) return #content end)
  after = inner(after, function() return 1 end)
  return before.t == "Str" and after.t == "Str" and before.text:match("%d$")
    and (after.text:match("^%%") or after.text == "±")
end

function Inlines(inlines)
  for place = 2, #inlines - 1 do
    local kind = inlines[place].t
    if (kind == "Space" or kind == "SoftBreak")
        and belongs(inlines[place - 1], inlines[place + 1]) then
      inlines[place] = pandoc.Str("\u{a0}")
    end
  end
  return inlines
end
