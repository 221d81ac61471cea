/** signalhouse as a library. */
export type { Config, ConfigInput } from "../schemas/config.ts";
export { type ErrorCode, SignalhouseError } from "../schemas/errors.ts";
export type { ContactColumn } from "../schemas/header.ts";
export type { BehaviorSignal, Drift, DriftReason, KnownSignal, MarketingSignal, OrderItem, Reject, UnknownSignal } from "../schemas/record.ts";
export type { RejectCode } from "../schemas/reject-codes.ts";
export type { Action, BehaviorType, Channel, MarketingType, SignalType, Table } from "../schemas/signal-types.ts";
export type { FileResult, LoadEvent } from "./load/load-files.ts";
export type { Decision, PlannedFile } from "./load/plan.ts";
export { readSignals, type ReadSignalsOptions, type SignalOrReject } from "./load/read-signals.ts";
export type { SyncEvent, SyncResult } from "./sync.ts";
export { report, type WarehouseReportOptions } from "./report.ts";
export type { Report } from "../sinks/report/page/make-report.ts";
export type { ReportOptions } from "../sinks/report/page/prepare.ts";
export type { PassedOver } from "./sftp/server.ts";
export { syncExports, type SyncExportsOptions } from "./sync-exports.ts";
