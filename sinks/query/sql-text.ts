/** SQL as text: its tokens as DuckDB's parser cuts them, and the statements that it has. */

export interface Token {
  kind: "word" | "quoted" | "text" | "number" | "parameter" | "sign";
  /** As it is written. */
  text: string;
  at: number;
  /** Whether the text ends before the quotes do. */
  isOpen?: true;
}

export interface Statement {
  /** Without its semicolon. Lines before it are empty, so that DuckDB counts as in the whole. */
  sql: string;
  /** Where they stand in `sql`; never none. */
  tokens: Token[];
}

/** DuckDB takes spaces of every kind for one, and some that have no width. */
const BLANKS = /[\s\u200b-\u200d\u2060]+|--[^\n\r]*/y;
/** What ends is tried before what does not, which is open then. */
const KINDS: readonly (readonly [Token["kind"], RegExp, open?: RegExp])[] = [
  ["text", /[eE]'[^'\\]*(?:(?:\\[^]|'')[^'\\]*)*'/y, /[eE]'/y],
  ["text", /'[^']*(?:''[^']*)*'/y, /'/y],
  ["text", /(\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$)[^]*?\1/uy, /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy],
  ["quoted", /"[^"]*(?:""[^"]*)*"/y, /"/y],
  ["parameter", /\$[\p{L}\p{N}_]+|\?\d*/uy],
  ["number", /\d[\w.]*/y],
  ["word", /(?:\w|[^\0-\x7f])(?:[\w$]|[^\0-\x7f\s\u200b-\u200d\u2060])*/y],
  ["sign", /->>?|[^]/y],
];

/** The tokens of SQL, without blanks and comments. */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  const match = (pattern: RegExp, at: number) => {
    pattern.lastIndex = at;
    return pattern.exec(sql)?.[0];
  };
  for (let at = 0; at < sql.length;) {
    const blank = match(BLANKS, at);
    if (blank !== undefined) at += blank.length;
    else if (sql.startsWith("/*", at)) at = commentEnd(sql, at) ?? pushOpen(tokens, sql, at, "sign");
    else {
      for (const [kind, pattern, open] of KINDS) {
        const text = match(pattern, at);
        if (text !== undefined) tokens.push({ kind, text, at });
        else if (open === undefined || match(open, at) === undefined) continue;
        at = text === undefined ? pushOpen(tokens, sql, at, kind) : at + text.length;
        break;
      }
    }
  }
  return tokens;
}

function pushOpen(tokens: Token[], sql: string, at: number, kind: Token["kind"]): number {
  tokens.push({ kind, text: sql.slice(at), at, isOpen: true });
  return sql.length;
}

/** Comments stand in comments. @returns undefined where it does not end */
function commentEnd(sql: string, start: number): number | undefined {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = start;
  for (let depth = 0; ;) {
    const found = mark.exec(sql);
    if (!found) return undefined;
    depth += found[0] === "/*" ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
}

/** The statements of SQL, as semicolons divide them. What has no token is none. */
export function statementsOf(sql: string): Statement[] {
  const statements: Statement[] = [];
  let tokens: Token[] = [];
  let start = 0;
  const end = (at: number) => {
    const before = sql.slice(0, start).replace(/[^\n]/g, "");
    const moved = tokens.map((token) => ({ ...token, at: token.at - start + before.length }));
    if (tokens.length > 0) statements.push({ sql: before + sql.slice(start, at), tokens: moved });
    [tokens, start] = [[], at + 1];
  };
  for (const token of tokensOf(sql)) {
    if (token.text === ";") end(token.at);
    else tokens.push(token);
  }
  end(sql.length);
  return statements;
}

/** Whether SQL ends with a semicolon, which is no part of a text or comment. */
export const isEnded = (sql: string): boolean => tokensOf(sql).at(-1)?.text === ";";

/** A word or quoted name as DuckDB compares it. */
export const nameOf = ({ text, kind }: Token): string => (kind === "quoted" ? text.slice(1, -1).replaceAll('""', '"') : text).toLowerCase();

/** The first words of a statement, in capitals. */
export const firstWords = ({ tokens }: Pick<Statement, "tokens">, count: number): string[] =>
  tokens.slice(0, count).map(({ text }) => text.toUpperCase());
