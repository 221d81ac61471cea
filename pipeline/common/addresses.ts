/** Milliseconds that each of a host's addresses has to take a connection. Node gives it 250 by default, which a far region needs for its handshake alone. */
export const ADDRESS_MS = 5000;
