/** Takes what a flow waits for now, in words for a line, and undefined when that is over. The same words again say nothing new. */
export type TellWaiting = (what: string | undefined) => void;
