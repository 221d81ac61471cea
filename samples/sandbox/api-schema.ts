/** What the sandbox's API understands: the part of Connect's GraphQL schema that exports and imports need. */
import { buildSchema, GraphQLError } from "graphql";

/**
 * Sources: vendor page "Export signals from Connect", and what `dataJob` was seen to answer. Connect's names of the input types are not known:
 * a client that names them, or takes the times for String, relies on what nobody has said. The names here make that fail.
 */
const sdl = (dataJob: string) => `
  scalar DateTime

  type Query {
    ${dataJob}
    dataSets(filter: [SandboxRuleInput!], first: Float, after: String): DataSetConnection!
    referenceSetRecords(dataSetId: ID!, first: Float, after: String): RecordConnection!
    getConnectUser(userLogin: String, userId: String): ConnectUser!
  }
  type DataJob { id: ID! name: String! type: String! status: String! startedAt: DateTime endedAt: DateTime errors: [DataJobError!]! }
  type DataJobError { code: String! message: String! }

  scalar JSON
  input SandboxRuleInput { field: String! eq: String! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type DataSetConnection { nodes: [DataSet!]! pageInfo: PageInfo! }
  type DataSet { dataSetId: ID! name: String! type: String! size: Int attributes: [Attribute!] }
  type Attribute { name: String! type: String! identifyAs: IdentifyAs decimalPrecision: Int }
  type IdentifyAs { key: Boolean }
  type RecordConnection { totalCount: Int! nodes: [SetRecord!]! pageInfo: PageInfo! }
  type SetRecord { attributes: [RecordAttribute!]! }
  type RecordAttribute { name: String! type: String! value: JSON }

  type Mutation {
    createImportJob(importInput: ImportInput!): ImportJob!
    exportSignals(jobName: String!, export: SandboxExportInput!, notifications: [SandboxNotificationInput!], to: SandboxTargetInput): ExportJob
    updatePublicKeyForConnectUser(publicKey: String!): ConnectUser
  }
  type ExportJob { dataJobId: String! path: String! fileFormat: String! }
  type ConnectUser { userLogin: String! publicKey: String! }

  type ImportJob { id: ID! }
  input ImportInput {
    attributes: SandboxAttributesInput
    dataSetId: ID
    dataSetName: String
    dataSetType: SandboxDataSetType
    dateFormat: SandboxDateFormat = YEAR_MONTH_DAY_DASH_SEPARATED_WITH_TIME
    delimiter: String! = ","
    fileFormat: SandboxFileFormat! = DELIMITED
    fileLocation: SandboxFileLocationInput!
    importType: SandboxImportType!
    jobName: String!
    mappings: [SandboxMappingInput!]!
    notifications: [SandboxNotificationInput!]
    skipFirstRow: Boolean! = false
  }
  enum SandboxDataSetType { AUDIENCE REFERENCE_SET }
  enum SandboxImportType { CREATE ADD_UPDATE REPLACE }
  enum SandboxFileFormat { DELIMITED }
  enum SandboxDateFormat {
    YEAR_MONTH_DAY_DASH_SEPARATED_WITH_TIME YEAR_MONTH_DAY_DASH_SEPARATED MONTH_DAY_YEAR_SLASH_SEPARATED
    DAY_MONTH_YEAR_SLASH_SEPARATED YEAR_MONTH_DAY_SLASH_SEPARATED DAY_MONTH_YEAR_DOT_SEPARATED
  }
  enum SandboxAttributeType { TEXT NUMBER BOOLEAN DATE }
  enum SandboxLocationType { SFTP }
  input SandboxAttributesInput { create: [SandboxCreateInput!] remove: [SandboxRemoveInput!] }
  input SandboxCreateInput { name: String! type: SandboxAttributeType! identifyAs: SandboxIdentifyInput decimalPrecision: Int }
  input SandboxIdentifyInput { key: Boolean }
  input SandboxRemoveInput { name: String! }
  input SandboxFileLocationInput { type: SandboxLocationType! folder: String filename: String! }
  input SandboxMappingInput { columnIndex: Int! attributeName: String! }

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
