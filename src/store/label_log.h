// store/label_log.h - the log of all labels: lines that are only ever added, each bound to the one
// before by its hash.
//
// docs/formats/label_log.md describes the file. Beside it lie LOG.head (number and hash of the last
// line, so that a cut end is seen) and LOG.lock (held by the process that writes).
#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/utc_time.h"

namespace vitrine::store {

/// Entries are kept at least this long; pruning younger ones is refused (办法 art. 9).
inline constexpr int kMinKeepMonths = 6;
inline constexpr int kDefaultKeepMonths = 12;

/// What reading a log shows. `entries`, `last_*` hold up to the first fault.
struct LogState {
  int64_t entries = 0;
  int64_t last_seq = 0;     // 0 = none
  std::string last_sha256;  // of 64 zeros when there is none
  size_t good_bytes =
      0;  // complete lines; a writer that was killed may have left a part of a line behind them
  std::string fault;  // empty = the chain is whole; else the line and what is wrong with it
};

using EntryTaker = std::function<void(const Json& entry)>;

/// Reads a log from its first line, checks the chain, and hands each good entry to `take`. No file
/// = an empty log (a fault when its head says that there was one). Throws IoError.
LogState read_label_log(const std::filesystem::path& log, const EntryTaker& take = {});

/// Writes to a log; one process at a time. Not thread-safe.
class LabelLog {
 public:
  /// Makes the file when it is not there. Throws Busy when another process writes, Corrupt naming
  /// line and cause when the chain is broken (nothing is added to such a log), IoError.
  LabelLog(std::filesystem::path log, UtcClock clock);

  /// Adds entries in order and has them on disk when it returns. Each is an object with `kind`; the
  /// log adds `seq` (from 1) and `time` before its fields, `prev` and `sha256` behind them. Throws
  /// InvalidInput, adding none, when a `produce_id` was there before; IoError.
  void append(std::vector<Json> entries);

  /// Deletes the entries at the start that are older than `keep_months` calendar months, and logs
  /// that it did. Returns how many. Throws InvalidInput for keep_months < kMinKeepMonths; IoError.
  int64_t prune(int keep_months);

  const LogState& state() const { return state_; }

 private:
  void require_new_ids(const std::vector<Json>& entries) const;
  std::string chained(Json entry, UtcSeconds now);
  void write_head() const;

  std::filesystem::path log_;
  UtcClock clock_;
  FileLock lock_;
  std::unordered_set<std::string> produce_ids_;
  LogState state_;
};

}  // namespace vitrine::store
