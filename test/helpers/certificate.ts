/**
 * A certificate that nobody's list of CAs has, with its key, for servers in tests: of connect.test and 127.0.0.1, until the year 2125. Made by
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -addext subjectAltName=DNS:connect.test,IP:127.0.0.1`.
 */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBrjCCAVSgAwIBAgIUC8wAHjhHfXBggI5KwXGABUb9JxEwCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRc2lnbmFsaG91c2UgdGVzdHMwIBcNMjYxMTMwMDYxMzM4WhgP
MjEyNjExMDYwNjEzMzhaMBwxGjAYBgNVBAMMEXNpZ25hbGhvdXNlIHRlc3RzMFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEP0Eaa8w06j9DrVzYwX47s0tPrdBQ9F/H
bYKVdWZxZCUmUg+5TYaKlYgJFXGRvDpGjplR+fdGD/PO3UIGYocuQqNyMHAwHQYD
VR0OBBYEFIlNZ6y0cSxRNB4/xAcmt9rl27qeMB8GA1UdIwQYMBaAFIlNZ6y0cSxR
NB4/xAcmt9rl27qeMA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0RBBYwFIIMY29ubmVj
dC50ZXN0hwR/AAABMAoGCCqGSM49BAMCA0gAMEUCIAqNRBwxn27JSVhrmclZBI49
OFAZA+4Q8RYLUlC6PQH+AiEAlvDLOfoI53N+4EZs2AcISwztn30Q4DLNwLfs+umf
H74=
-----END CERTIFICATE-----
`;

export const CERTIFICATE_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFMWnjZk6TyiQgbtp
uYo6HWLZ9qpGs67jjBo2nevyPV6hRANCAAQ/QRprzDTqP0OtXNjBfjuzS0+t0FD0
X8dtgpV1ZnFkJSZSD7lNhoqViAkVcZG8OkaOmVH590YP887dQgZihy5C
-----END PRIVATE KEY-----
`;
