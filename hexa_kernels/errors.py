"""Every failure of ours: one class per code of contract.json.

OpenHexaError
  WorkspaceConfigError     the environment or workspace.yaml
    MissingVariableError, InvalidPortError, InvalidEnvironmentError, InvalidUrlError,
    InvalidNumberError, WorkspaceMissingError, WorkspaceExistsError,
    WorkspaceYamlUnreadableError, WorkspaceYamlSyntaxError, WorkspaceYamlKeyError,
    WorkspaceYamlValueError
  ProfileFailedError       a start-up file of the user's own
  PathError                a file or folder
    PathOutsideError, FolderNotWritableError, FolderOccupiedError, FileMissingError,
    FileUnreadableError, FileUnwritableError, FormatUnknownError,
    FormatUnsupportedError, SourceUnreadableError, NotModernizableError,
    FileNotTextError, LinkLoopError, RewriteUnsafeError
    NotebookError            NotebookEmptyError, NotebookCorruptError,
                             NotebookVersionError
  ArgumentError            a value that was given
    InvalidArgumentError, ParameterTypeError (also a TypeError)
  FrameError               a frame or a value that does not cross
    UnsupportedFrameError, UnsupportedColumnError, UnsupportedValueError,
    RowNamesError, ColumnNamesError, DuplicateColumnsError, EmbeddedNulError,
    InvalidTextError, CrossingLossyError
  BridgeError              R, in a cell of a Python notebook
    RCellError, RDiedError, RStartError, RpyPairError, RThreadError,
    NameNotFoundError, NoRoomToCrossError
  SharingError             frames handed to other notebooks
    ShareNameInvalidError, ShareNotFoundError, ShareNotWrittenError,
    ShareUnreadableError, SharesFullError
  MissingPackageError      an optional package (also an ImportError)
  DatabaseError            opening the workspace database
    DatabaseUnreachableError, DatabaseAuthenticationError, DatabaseRefusedError,
    ConnectionLostError
  TableError               reading or writing a table of a database
    TableMissingError, TableExistsError, SqlFailedError, ColumnMismatchError,
    ValueOutOfRangeError, NameTooLongError, PostgisMissingError,
    CrsWithoutNumberError, ReadOnlyDatabaseError, DiskFullError,
    QueryCancelledError, StatementValueError
  ConnectError             opening or reading a connection of the workspace
    ConnectionNotFoundError (also a ValueError), ConnectionTypeError,
    ConnectionIncompleteError, ConnectionReadError, ServiceAccountError,
    UrlSchemeMissingError, ConnectionUnreachableError, ConnectionRejectedError,
    ConnectionAnswerError, ServerStatusError, ClockSkewError, RateLimitedError,
    BucketMissingError, ObjectMissingError, TransferCutError, BrokenTypeError
  DaskUnreachableError     a cluster for tables larger than this machine
  LocalServerError         the workspace on a laptop
    WorkspaceInUseError, PostgresMissingError, PostgresVersionError,
    PostgresPasswordError, PostgresFailedError
  NotebookError            a notebook that is to run
    NotebookUnreadableError, KernelNotNamedError, KernelNotFoundError,
    NotebookFailedError
  InstallError             kernelspecs and the R package
    RMissingError, RPackageFailedError, KernelNameReservedError,
    KernelNameInvalidError, KernelFailedError
  HubError                 restarting the server that a JupyterHub started
    HubAbsentError, HubUnreachableError, HubForbiddenError, HubFailedError
OpenHexaWarning
  ScratchReplacedWarning, PortReplacedWarning, StartupProblemWarning,
  LogNotSentWarning, UnknownLogLevelWarning, ConnectionReplacedWarning,
  ValuesChangedWarning, LeftBehindWarning, ReservedTypeWarning, NotExportedWarning,
  KernelHiddenWarning
"""

from .contract import message, phrase


class _Coded:
    """Text and structured values of one entry of the contract.

    Attributes
    ----------
    code : str
        The stable name of what happened, the same in R.
    values : dict
        What the text names, so that callers never parse it.
    hint : str
        What to do.
    """

    code: str

    def __init__(self, **values):
        from .environment import language

        self.values = values
        self.message, self.hint = message(self.code, language(), values)
        super().__init__(f"{self.message} {self.hint}")

    def __reduce__(self):
        return _rebuild, (type(self), self.values)


def _rebuild(kind, values):
    return kind(**values)


class OpenHexaError(_Coded, Exception):
    """Root of our errors; never raised itself."""


def of_code(code: str, kind: type = OpenHexaError) -> type[OpenHexaError] | None:
    """Find the class of an error that R raises too; None where only R has it."""
    if vars(kind).get("code") == code:
        return kind
    found = (of_code(code, child) for child in kind.__subclasses__())
    return next(filter(None, found), None)


class OpenHexaWarning(_Coded, UserWarning):
    """Root of our warnings; never given itself."""


class WorkspaceConfigError(OpenHexaError):
    """The environment, or workspace.yaml, does not describe a workspace."""


class MissingVariableError(WorkspaceConfigError):
    code = "missing_variable"


class InvalidPortError(WorkspaceConfigError):
    code = "invalid_port"


class InvalidEnvironmentError(WorkspaceConfigError):
    code = "invalid_environment"


class WorkspaceMissingError(WorkspaceConfigError):
    code = "workspace_missing"


class WorkspaceExistsError(WorkspaceConfigError):
    code = "workspace_exists"


class WorkspaceYamlUnreadableError(WorkspaceConfigError):
    code = "workspace_yaml_unreadable"


class WorkspaceYamlSyntaxError(WorkspaceConfigError):
    code = "workspace_yaml_syntax"


class WorkspaceYamlKeyError(WorkspaceConfigError):
    code = "workspace_yaml_key"


class WorkspaceYamlValueError(WorkspaceConfigError):
    code = "workspace_yaml_value"


class InvalidUrlError(WorkspaceConfigError):
    code = "invalid_url"


class InvalidNumberError(WorkspaceConfigError):
    code = "invalid_number"


class ProfileFailedError(OpenHexaError):
    code = "profile_failed"


class PathError(OpenHexaError):
    """A file or folder is not where, or not what, it must be."""


class DirectoryGoneError(PathError):
    code = "directory_gone"


class PathOutsideError(PathError):
    code = "path_outside"


class FolderNotWritableError(PathError):
    code = "folder_not_writable"


class FolderOccupiedError(PathError):
    code = "folder_occupied"


class FileMissingError(PathError, FileNotFoundError):
    code = "file_missing"


class FileUnreadableError(PathError):
    code = "file_unreadable"


class FileUnwritableError(PathError):
    code = "file_unwritable"


class FormatUnknownError(PathError):
    code = "format_unknown"


class FormatUnsupportedError(PathError):
    code = "format_unsupported"


class SourceUnreadableError(PathError):
    code = "source_unreadable"


class NotModernizableError(PathError):
    code = "not_modernizable"


class FileNotTextError(PathError):
    code = "file_not_text"


class LinkLoopError(PathError):
    code = "link_loop"


class ExaminationFailedError(PathError):
    code = "examination_failed"


class RewriteUnsafeError(PathError):
    code = "rewrite_unsafe"


class NotebookError(PathError):
    """A file that ends in .ipynb is no notebook."""


class NotebookEmptyError(NotebookError):
    code = "notebook_empty"


class NotebookCorruptError(NotebookError):
    code = "notebook_corrupt"


class NotebookVersionError(NotebookError):
    code = "notebook_version"


class ArgumentError(OpenHexaError):
    """A value that was given is not what it must be."""


class InvalidArgumentError(ArgumentError, TypeError):
    code = "invalid_argument"


def check_choice(argument: str, given: object, choices: tuple[str, ...]) -> None:
    """Refuse what is none of the choices."""
    if given not in choices:
        from .environment import language

        text = phrase("one_of", language())
        raise InvalidArgumentError(
            argument=argument,
            expected=text.format(names=", ".join(choices)),
            actual=repr(given),
        )


class ParameterTypeError(ArgumentError, TypeError):
    code = "parameter_type"


class FrameError(OpenHexaError):
    """A data frame or a value does not cross to the other language."""


class UnsupportedFrameError(FrameError):
    code = "unsupported_frame"


class UnsupportedColumnError(FrameError):
    code = "unsupported_column"


class UnsupportedValueError(FrameError):
    code = "unsupported_value"


class RowNamesError(FrameError):
    code = "row_names"


class ColumnNamesError(FrameError):
    code = "column_names"


class DuplicateColumnsError(FrameError):
    code = "duplicate_columns"


class EmbeddedNulError(FrameError):
    code = "embedded_nul"


class InvalidTextError(FrameError):
    code = "invalid_text"


class CrossingLossyError(FrameError):
    code = "crossing_lossy"


class SharingError(OpenHexaError):
    """A frame is not handed to another notebook."""


class ShareNameInvalidError(SharingError):
    code = "share_name_invalid"


class ShareNotFoundError(SharingError):
    code = "share_not_found"


class ShareNotWrittenError(SharingError):
    code = "share_not_written"


class ShareUnreadableError(SharingError):
    code = "share_unreadable"


class SharesFullError(SharingError):
    code = "shares_full"


class MissingPackageError(OpenHexaError, ImportError):
    code = "missing_package"


class DatabaseError(OpenHexaError):
    """The workspace database does not open."""


class DatabaseUnreachableError(DatabaseError):
    code = "database_unreachable"


class DatabaseAuthenticationError(DatabaseError):
    code = "database_authentication"


class DatabaseRefusedError(DatabaseError):
    code = "database_refused"


class ConnectionLostError(DatabaseError):
    code = "connection_lost"


class TableError(OpenHexaError):
    """A table of a database is not read or written."""


class TableMissingError(TableError):
    code = "table_missing"


class TableExistsError(TableError):
    code = "table_exists"


class SqlFailedError(TableError):
    code = "sql_failed"


class ColumnMismatchError(TableError):
    code = "column_mismatch"


class ValueOutOfRangeError(TableError):
    code = "value_out_of_range"


class NameTooLongError(TableError):
    code = "name_too_long"


class PostgisMissingError(TableError):
    code = "postgis_missing"


class CrsWithoutNumberError(TableError):
    code = "crs_without_number"


class ReadOnlyDatabaseError(TableError):
    code = "read_only_database"


class DiskFullError(TableError):
    code = "disk_full"


class QueryCancelledError(TableError):
    code = "query_cancelled"


class StatementValueError(TableError):
    code = "statement_value"


class ConnectError(OpenHexaError):
    """A connection of the workspace does not open, or what it leads to fails."""


class ConnectionNotFoundError(ConnectError, ValueError):
    code = "connection_not_found"


class ConnectionTypeError(ConnectError):
    code = "connection_type"


class ConnectionIncompleteError(ConnectError):
    code = "connection_incomplete"


class ConnectionReadError(ConnectError):
    code = "connection_read_failed"


class ServiceAccountError(ConnectError):
    code = "service_account_invalid"


class UrlSchemeMissingError(ConnectError):
    code = "url_scheme_missing"


class ConnectionUnreachableError(ConnectError):
    code = "connection_unreachable"


class ConnectionRejectedError(ConnectError):
    code = "connection_refused"


class ConnectionAnswerError(ConnectError):
    code = "connection_answer"


class ServerStatusError(ConnectError):
    code = "server_status"


class ClockSkewError(ConnectError):
    code = "clock_skew"


class RateLimitedError(ConnectError):
    code = "rate_limited"


class BucketMissingError(ConnectError):
    code = "bucket_missing"


class ObjectMissingError(ConnectError, FileNotFoundError):
    code = "object_missing"


class TransferCutError(ConnectError):
    code = "transfer_cut"


class BrokenTypeError(ConnectError):
    code = "connection_type_failed"


class DaskUnreachableError(OpenHexaError):
    code = "dask_unreachable"


class LocalServerError(OpenHexaError):
    """A workspace on a laptop does not start."""


class WorkspaceInUseError(LocalServerError):
    code = "workspace_in_use"


class PostgresMissingError(LocalServerError):
    code = "postgres_missing"


class PostgresVersionError(LocalServerError):
    code = "postgres_version"


class PostgresPasswordError(LocalServerError):
    code = "postgres_password"


class PostgresFailedError(LocalServerError):
    code = "postgres_failed"


class NotebookError(OpenHexaError):
    """A notebook does not run, or not to its end."""


class NotebookUnreadableError(NotebookError):
    code = "notebook_unreadable"


class KernelNotNamedError(NotebookError):
    code = "kernel_not_named"


class KernelNotFoundError(NotebookError):
    code = "kernel_not_found"


class NotebookFailedError(NotebookError):
    code = "notebook_failed"


class InstallError(OpenHexaError):
    """A kernel or the R package does not install."""


class RMissingError(InstallError):
    code = "r_missing"


class RPackageFailedError(InstallError):
    code = "r_package_failed"


class KernelNameReservedError(InstallError):
    code = "kernel_name_reserved"


class KernelNameInvalidError(InstallError):
    code = "kernel_name_invalid"


class KernelFailedError(InstallError):
    code = "kernel_failed"


class HubError(OpenHexaError):
    """The server that a JupyterHub started is not restarted."""


class HubAbsentError(HubError):
    code = "hub_absent"


class HubUnreachableError(HubError):
    code = "hub_unreachable"


class HubForbiddenError(HubError):
    code = "hub_forbidden"


class HubFailedError(HubError):
    code = "hub_failed"


class BridgeError(OpenHexaError):
    """R, in a cell of a Python notebook."""


class RCellError(BridgeError):
    code = "r_cell"


class RDiedError(BridgeError):
    code = "r_died"


class RStartError(BridgeError):
    code = "r_start"


class NoRoomToCrossError(BridgeError):
    code = "no_room_to_cross"


class RpyPairError(BridgeError):
    code = "rpy_pair"


class RThreadError(BridgeError):
    code = "r_thread"


class NameNotFoundError(BridgeError):
    code = "name_not_found"


class ScratchReplacedWarning(OpenHexaWarning):
    code = "scratch_replaced"


class PortReplacedWarning(OpenHexaWarning):
    code = "port_replaced"


class StartupProblemWarning(OpenHexaWarning):
    code = "startup_problem"


class LogNotSentWarning(OpenHexaWarning):
    code = "log_not_sent"


class UnknownLogLevelWarning(OpenHexaWarning):
    code = "unknown_log_level"


class ConnectionReplacedWarning(OpenHexaWarning):
    code = "connection_replaced"


class ValuesChangedWarning(OpenHexaWarning):
    code = "values_changed"


class LeftBehindWarning(OpenHexaWarning):
    code = "left_behind"


class ReservedTypeWarning(OpenHexaWarning):
    code = "connection_type_reserved"


class NotExportedWarning(OpenHexaWarning):
    code = "connection_not_exported"


class KernelHiddenWarning(OpenHexaWarning):
    code = "kernel_hidden"
