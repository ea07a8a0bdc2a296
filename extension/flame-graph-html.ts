export interface PageParts {
  /** Source that may serve this webview's own files. */
  readonly cspSource: string;
  /** Lets the one script run. Fresh for each page. */
  readonly nonce: string;
  /** For style elements: the toolkit adds an empty one to learn what the browser can, and finds this in a meta element. */
  readonly styleNonce: string;
  readonly scriptUri: string;
  readonly styleUri: string;
}

/**
 * The page of the flame graph. Nothing may load but our own style sheet and the one script that carries the nonce: no
 * inline style attribute or script, no picture, no font, no connection.
 */
export function flameGraphHtml({ cspSource, nonce, styleNonce, scriptUri, styleUri }: PageParts): string {
  const policy = `default-src 'none'; base-uri 'none'; form-action 'none'; style-src ${cspSource} 'nonce-${styleNonce}'; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeAttribute(policy)}">
<meta property="csp-nonce" content="${escapeAttribute(styleNonce)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Flame Graph</title>
<link rel="stylesheet" href="${escapeAttribute(styleUri)}">
</head>
<body>
<script nonce="${escapeAttribute(nonce)}" src="${escapeAttribute(scriptUri)}"></script>
</body>
</html>
`;
}

function escapeAttribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
