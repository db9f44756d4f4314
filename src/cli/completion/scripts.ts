import type { CompletedCommand, CompletedFlag, Named } from './tree.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The script that completes these commands in a shell. */
export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  return SCRIPTS[shell](commands);
}

const SCRIPTS: Readonly<Record<Shell, (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** In single quotes, as POSIX shells read them. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function pathsOf(commands: readonly CompletedCommand[]): string {
  return commands
    .map(({ path }) => path)
    .filter((path) => path !== '')
    .join(' | ');
}

/** The patterns of the flags that a path follows, and of those that are followed by something else. */
function valued({ flags }: CompletedCommand): { readonly path: string; readonly other: string } {
  const patterns = (value: CompletedFlag['value']): string =>
    flags
      .filter((flag) => flag.value === value)
      .flatMap(({ name, short }) => (short === undefined ? [name] : [name, short]))
      .join(' | ');
  return { path: patterns('path'), other: patterns('other') };
}

function bashScript(commands: readonly CompletedCommand[]): string {
  const cases = commands.map((command) => {
    const { path, other } = valued(command);
    const names = [...command.commands.map(({ name }) => name), ...command.words].join(' ');
    const flags = command.flags.map(({ name }) => name).join(' ');
    const values = [
      ...(path === '' ? [] : [`      ${path}) COMPREPLY=($(compgen -f -- "$cur")); return ;;`]),
      ...(other === '' ? [] : [`      ${other}) return ;;`]),
    ];
    const following = values.length === 0 ? [] : [`      case "$prev" in`, ...values, `      esac`];
    return [
      `    ${quoted(command.path)})`,
      ...following,
      `      names=${quoted(names)} flags=${quoted(flags)} ;;`,
    ].join('\n');
  });
  return `# bash completion of quorate: source <(quorate completion bash)
_quorate() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  local at='' names='' flags='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at/\${COMP_WORDS[i]}" in
      ${pathsOf(commands)}) at="$at/\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at" in
${cases.join('\n')}
  esac
  if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  elif [[ -n $names ]]; then COMPREPLY=($(compgen -W "$names" -- "$cur"))
  fi
}
complete -o filenames -o bashdefault -F _quorate quorate
`;
}

/** `name:summary` as zsh's _describe takes it. */
function described(entries: readonly Named[]): string {
  return entries
    .map(({ name, summary }) => quoted(`${name.replaceAll(':', '\\:')}:${summary}`))
    .join(' ');
}

function zshScript(commands: readonly CompletedCommand[]): string {
  const cases = commands.map((command) => {
    const { path, other } = valued(command);
    const words = command.words.map((name) => ({ name, summary: '' }));
    const values = [
      ...(path === '' ? [] : [`      (${path}) _files; return ;;`]),
      ...(other === '' ? [] : [`      (${other}) _message value; return ;;`]),
    ];
    const following =
      values.length === 0 ? [] : [`      case "$words[CURRENT-1]" in`, ...values, `      esac`];
    return [
      `    (${quoted(command.path)})`,
      ...following,
      `      names=(${described([...command.commands, ...words])})`,
      `      flags=(${described(command.flags)}) ;;`,
    ].join('\n');
  });
  return `#compdef quorate
# zsh completion of quorate: source <(quorate completion zsh), or a file _quorate in a folder of fpath
_quorate() {
  local at='' i
  local -a names flags
  for ((i = 2; i < CURRENT; i++)); do
    case "$at/$words[i]" in
      (${pathsOf(commands)}) at="$at/$words[i]" ;;
    esac
  done
  case "$at" in
${cases.join('\n')}
  esac
  if [[ $words[CURRENT] == -* ]]; then _describe flag flags
  elif (( $#names )); then _describe command names
  else _files
  fi
}
if [[ $funcstack[1] == _quorate ]]; then _quorate "$@"; else compdef _quorate quorate; fi
`;
}

/** In single quotes, as fish reads them: there a backslash escapes. */
function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap((command) => {
    const here = `complete -c quorate -n ${fishQuoted(`__quorate_at '${command.path}'`)}`;
    const names = [
      ...command.commands,
      ...command.words.map((name) => ({ name, summary: '' })),
    ].map(({ name, summary }) => `${here} -f -a ${name} -d ${fishQuoted(summary)}`);
    const flags = command.flags.map(({ name, short, summary, value }) => {
      const letter = short === undefined ? '' : ` -s ${short.slice(1)}`;
      const takes = { none: '', path: ' -r -F', other: ' -x' }[value];
      return `${here}${letter} -l ${name.slice(2)}${takes} -d ${fishQuoted(summary)}`;
    });
    return [...names, ...flags];
  });
  const paths = commands.map(({ path }) => path).filter((path) => path !== '');
  return `# fish completion of quorate: quorate completion fish | source
function __quorate_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    switch "$at/$word"
      case ${paths.join(' ')}
        set at "$at/$word"
    end
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}
`;
}
