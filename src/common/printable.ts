/**
 * Characters that a terminal or a log viewer may act on, or show as nothing: controls (C0 with ESC and line breaks, DEL, C1), format
 * characters (bidirectional controls, zero-width, tags), line and paragraph separators, unpaired surrogates, and all else
 * that Unicode lets a display ignore (variation selectors, fillers).
 */
const ACTIVE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * `text` in one line that a terminal only shows: every character of {@link ACTIVE} as JSON escapes it, `\u001b` or `\n`.
 *
 * Of one line of JSON it makes JSON with the same meaning. It changes nothing the second time.
 */
export function printable(text: string): string {
  return text.replace(ACTIVE, escaped);
}

/** UTF-16 unit by unit, since JSON escapes a character beyond the 16-bit range as two. */
function escaped(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  let escapes = '';
  for (let at = 0; at < character.length; at++) {
    escapes += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }
  return escapes;
}
