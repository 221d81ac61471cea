/** What the compiled loops export, as JavaScript sees it. Places are bytes from the start of the memory; what each function does is told where it is (index.ts). exports-check.ts holds the two together. */
export interface Exports {
  memory: { buffer: ArrayBuffer; grow: (pages: number) => number };
  firstPlace: { value: number };

  setNull: (text: number, length: number) => void;
  setDecimal: (whole: number, places: number) => void;
  setListMark: (mark: number) => void;
  setTypeFields: (names: number, count: number) => void;

  records: { value: number };
  next: { value: number };
  mark: (
    start: number,
    end: number,
    atEnd: boolean,
    most: number,
    starts: number,
    firsts: number,
    mostRecords: number,
    ends: number,
    endsEnd: number,
  ) => number;

  setRows: (blockBytes: number, rowStarts: number, rowEnds: number, rowTypes: number, rowsAccepted: number, count: number) => void;
  filled: { value: number };
  wanted: { value: number };
  addField: (from: number, field: number, isLast: boolean, target: number, targetEnd: number, present: number, firstRow: number) => number;
  addNames: (from: number, names: number, target: number, targetEnd: number, present: number, firstRow: number) => number;
  addFound: (kind: number, from: number, target: number, targetEnd: number, present: number, firstRow: number) => number;

  namesWork: (count: number) => number;
  setNames: (planNames: number, count: number, work: number) => void;
  setMeanings: (planMeanings: number, types: number, count: number) => void;
  setNodes: (planNodes: number, planPayloads: number) => void;
  setItemColumns: (columns: number, extra: number) => void;
  setContentColumns: (key: number, whole: number, extra: number, hash: number) => void;
  columnsWork: (columns: number) => number;
  setColumns: (columns: number, ofContent: number, work: number) => void;
  setFields: (places: number, count: number) => void;
  readRows: (
    content: number,
    isLast: boolean,
    id: number,
    texts: number,
    rewritten: number,
    rewrittenEnd: number,
    entries: number,
    entriesEnd: number,
  ) => void;
  firstEntry: (column: number) => number;

  hashContent: (start: number, textEnd: number, scratch: number, scratchEnd: number, target: number) => number;
}
