-- Let report.md show the figures that are kept in the freeze: Quarto removes
-- report_files/, the place it names, once the self-contained HTML is built.

function Image(image)
  if FORMAT:match("commonmark") or FORMAT:match("gfm") then
    image.src = image.src:gsub("^report_files/", "_freeze/report/")
    return image
  end
end
