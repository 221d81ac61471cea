/** What the sandbox's API understands: the part of Connect's GraphQL schema that exports need. */
import { buildSchema, GraphQLError } from "graphql";

/**
 * Sources: vendor page "Export signals from Connect", and what `dataJob` was seen to answer. Connect's names of the input types are not known:
 * a client that names them, or takes the times for String, relies on what nobody has said. The names here make that fail.
 */
const sdl = (dataJob: string) => `
  scalar DateTime

  type Query {
    ${dataJob}
    getConnectUser(userLogin: String, userId: String): ConnectUser!
  }
  type DataJob { id: ID! name: String! type: String! status: String! startedAt: DateTime endedAt: DateTime errors: [DataJobError!]! }
  type DataJobError { code: String! message: String! }

  type Mutation {
    exportSignals(jobName: String!, export: SandboxExportInput!, notifications: [SandboxNotificationInput!], to: SandboxTargetInput): ExportJob
    updatePublicKeyForConnectUser(publicKey: String!): ConnectUser
  }
  type ExportJob { dataJobId: String! path: String! fileFormat: String! }
  type ConnectUser { userLogin: String! publicKey: String! }

  input SandboxExportInput { signals: SandboxSignalsInput! }
  input SandboxSignalsInput { signalTypes: [String!]! timestampStart: DateTime! timestampEnd: DateTime! }
  input SandboxNotificationInput { channel: SandboxChannel! destination: String! }
  enum SandboxChannel { EMAIL }
  input SandboxTargetInput { sftp: SandboxSftpInput }
  input SandboxSftpInput { parentFolder: String namingPrefix: String path: String }
`;

export const SCHEMA = buildSchema(sdl("dataJob(id: ID!): DataJob"));
export const SCHEMA_WITHOUT_DATA_JOB = buildSchema(sdl(""));

/** `exportSignals`, as the schema lets it through. */
export interface ExportArguments {
  jobName: string;
  export: { signals: { signalTypes: readonly string[]; timestampStart: unknown; timestampEnd: unknown } };
  notifications?: readonly { channel: "EMAIL"; destination: string }[] | null;
  to?: { sftp?: SftpTarget | null } | null;
}

export interface SftpTarget {
  parentFolder?: string | null;
  namingPrefix?: string | null;
  path?: string | null;
}

/** How Connect says no to what it understood. */
export const refuse = (code: string, message: string): GraphQLError => new GraphQLError(message, { extensions: { code } });
