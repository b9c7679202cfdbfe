// Quarto's post-render step: take out of the HTML what it holds twice.
//
// For readers without JavaScript, Quarto puts its light style sheet a second
// time after the dark one. Here the dark one is off until the script that
// chooses between them turns it on, which serves them as well; and paper is
// always white.

export function shrink(page: string): string {
  return page.replaceAll(/<link\b[^>]*>/g, (link) => {
    if (/class="[^"]*\bquarto-color-scheme-extra\b/.test(link)) {
      return link.replace(/href="[^"]*"/, 'href="data:text/css,"');
    }
    if (/class="[^"]*\bquarto-color-alternate\b/.test(link)) {
      return link.replace(
        /rel="[^"]*"/, 'rel="disabled-stylesheet" media="screen"',
      );
    }
    return link;
  });
}

const outputs = Deno.env.get("QUARTO_PROJECT_OUTPUT_FILES") ?? "";
for (const file of outputs.split("\n")) {
  if (file.endsWith(".html")) {
    Deno.writeTextFileSync(file, shrink(Deno.readTextFileSync(file)));
  }
}
