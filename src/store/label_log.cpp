#include "store/label_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/byte_reader.h"
#include "base/error.h"
#include "base/hash.h"
#include "data/text_window.h"

namespace vitrine::store {
namespace fs = std::filesystem;
namespace {

const std::string kNoHash(64, '0');

fs::path head_of(const fs::path& log) { return fs::path(log).concat(".head"); }

/// The hash that binds an entry without `sha256` to the one before, which it names in `prev`.
std::string hash_of(const Json& entry) { return sha256_hex(dump_line(entry)); }

std::string text_of(const Json& entry, const char* field) {
  const auto found = entry.find(field);
  return found != entry.end() && found->is_string() ? found->get<std::string>() : "";
}

int64_t number_of(const Json& entry, const char* field) {
  const auto found = entry.find(field);
  return found != entry.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

/// What is wrong with one line by itself; empty = nothing.
std::string fault_of(std::string_view line, Json& entry) {
  entry = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (entry.is_discarded() || !entry.is_object()) return "not a JSON object";
  if (dump_line(entry) != line) return "not written as the log writes it";
  const std::string stated = text_of(entry, "sha256");
  Json hashed = entry;
  hashed.erase("sha256");
  if (stated != hash_of(hashed)) return "its sha256 is not that of its content: it was changed";
  if (!parse_iso_time(text_of(entry, "time"))) return "time: expected YYYY-MM-DDThh:mm:ssZ";
  return "";
}

/// Checks that lines follow each other, from the first line of the file on.
class Chain {
 public:
  explicit Chain(LogState& state) : state_(state) {}

  /// What is wrong with an entry at its place; empty = nothing.
  std::string take(const Json& entry) {
    const int64_t seq = number_of(entry, "seq");
    const std::string prev = text_of(entry, "prev");
    if (state_.entries == 0) {
      first_seq_ = seq;
      first_prev_ = prev;
    } else if (seq != state_.last_seq + 1) {
      return concat("seq: expected ", state_.last_seq + 1, ", got ", seq,
                    ": lines were added, removed or moved");
    } else if (prev != state_.last_sha256) {
      return "prev: not the sha256 of the line before";
    }
    if (text_of(entry, "kind") == "prune")
      vouched_ = vouched_ || vouches(entry, first_seq_ - 1, first_prev_);
    ++state_.entries;
    state_.last_seq = seq;
    state_.last_sha256 = text_of(entry, "sha256");
    return "";
  }

  /// The first line is the log's first, or an entry says that those before it were pruned.
  bool begins_rightly() const {
    return state_.entries == 0 || (first_seq_ == 1 && first_prev_ == kNoHash) || vouched_;
  }

  static bool vouches(const Json& prune, int64_t seq, const std::string& sha256) {
    return number_of(prune, "through_seq") == seq && text_of(prune, "through_sha256") == sha256;
  }

 private:
  LogState& state_;
  int64_t first_seq_ = 0;
  std::string first_prev_;
  bool vouched_ = false;
};

/// What LOG.head says.
struct Head {
  int64_t seq = 0;
  std::string sha256;
};

std::optional<Head> read_head(const fs::path& log) {
  if (!fs::exists(head_of(log))) return std::nullopt;
  const Json json = Json::parse(read_file(head_of(log)), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Head{.seq = -1, .sha256 = "not JSON"};
  return Head{.seq = number_of(json, "seq"), .sha256 = text_of(json, "sha256")};
}

std::string at_line(int64_t line, const std::string& fault) {
  return concat("line ", line, ": ", fault);
}

void write_all(int descriptor, std::string_view bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw IoError(concat("[LabelLog] ", path.string(), ": ", std::strerror(errno)));
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

/// Adds bytes behind `size`, which is where the complete lines end. On failure the file ends there
/// again.
void append_bytes(const fs::path& log, size_t size, std::string_view bytes) {
  const int descriptor = ::open(log.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0)
    throw IoError(concat("[LabelLog] ", log.string(), ": ", std::strerror(errno)));
  try {
    const auto end = static_cast<off_t>(size);
    if (::ftruncate(descriptor, end) != 0 || ::lseek(descriptor, end, SEEK_SET) != end)
      throw IoError(concat("[LabelLog] ", log.string(), ": ", std::strerror(errno)));
    write_all(descriptor, bytes, log);
    if (::fsync(descriptor) != 0)
      throw IoError(concat("[LabelLog] ", log.string(), ": ", std::strerror(errno)));
  } catch (...) {
    (void)!::ftruncate(descriptor, static_cast<off_t>(size));
    ::close(descriptor);
    throw;
  }
  ::close(descriptor);
}

/// The message for a log that nothing may be added to.
std::string refused(const fs::path& log, const std::string& fault) {
  return concat("[LabelLog] ", log.string(), ": ", fault,
                " (LBL_LOG_BROKEN); `vitrine label log --verify` shows it");
}

}  // namespace

LogState read_label_log(const fs::path& log, const EntryTaker& take) {
  LogState state{.last_sha256 = kNoHash, .fault = {}};
  const auto head = read_head(log);
  bool head_seen = !head || head->seq == 0;  // 0: written before the first line
  if (!fs::exists(log)) {
    if (!head_seen) state.fault = "the log is gone, its .head is there";
    return state;
  }
  const auto bytes = open_bytes(log);
  data::TextWindow window(*bytes);
  Chain chain(state);
  Json entry;
  for (size_t searched = 0; state.fault.empty();) {
    const size_t end = window.text().find('\n', searched);
    searched = window.text().size();
    if (end == std::string_view::npos) {
      if (!window.more()) break;  // what a writer left behind the last complete line is no entry
      continue;
    }
    std::string fault = fault_of(window.text().substr(0, end), entry);
    if (fault.empty()) fault = chain.take(entry);
    if (!fault.empty()) {
      state.fault = at_line(state.entries + 1, fault);
      break;
    }
    state.good_bytes += end + 1;
    head_seen = head_seen || (state.last_seq == head->seq && state.last_sha256 == head->sha256) ||
                Chain::vouches(entry, head->seq, head->sha256);
    if (take) take(entry);
    window.drop(end + 1);
    searched = 0;
  }
  if (state.fault.empty() && !chain.begins_rightly())
    state.fault =
        at_line(1, "the lines before it are gone and no entry says that they were pruned");
  if (state.fault.empty() && !head_seen)
    state.fault = concat("its end is gone: .head names line number ", head->seq,
                         ", the log ends with ", state.last_seq);
  if (state.fault.empty() && !head && state.entries > 0) state.fault = "its .head is gone";
  return state;
}

LabelLog::LabelLog(fs::path log, UtcClock clock)
    : log_(std::move(log)),
      clock_(std::move(clock)),
      lock_(fs::path(log_).concat(".lock"),
            concat("[LabelLog] ", log_.string(), ": another process writes to it; try again")) {
  state_ = read_label_log(log_, [this](const Json& entry) {
    if (entry.contains("produce_id")) produce_ids_.insert(text_of(entry, "produce_id"));
  });
  if (!state_.fault.empty()) throw Corrupt(refused(log_, state_.fault));
}

void LabelLog::require_new_ids(const std::vector<Json>& entries) const {
  std::unordered_set<std::string> here;
  for (const Json& entry : entries) {
    if (!entry.contains("produce_id")) continue;
    const std::string id = text_of(entry, "produce_id");
    VITRINE_REQUIRE(!produce_ids_.contains(id) && here.insert(id).second,
                    "[LabelLog] produce_id: ", id,
                    " is in the log already; a content number is never used twice");
  }
}

std::string LabelLog::chained(Json entry, UtcSeconds now) {
  Json line = {{"seq", state_.last_seq + 1}, {"time", to_iso_time(now)}};
  for (auto& [name, value] : entry.items()) line[name] = std::move(value);
  line["prev"] = state_.last_sha256;
  // Read back, so that the hash is that of what a reader gets (text that is no UTF-8, numbers).
  line = parse_json(dump_line(line), "label log entry");
  line["sha256"] = hash_of(line);
  ++state_.entries;
  ++state_.last_seq;
  state_.last_sha256 = text_of(line, "sha256");
  return dump_line(line) + "\n";
}

void LabelLog::write_head() const {
  write_file_atomic(head_of(log_),
                    dump_line({{"seq", state_.last_seq}, {"sha256", state_.last_sha256}}) + "\n");
}

void LabelLog::append(std::vector<Json> entries) {
  if (entries.empty()) return;
  require_new_ids(entries);
  // The head comes first, so that a log without one is one that lost it.
  if (state_.entries == 0 && !fs::exists(head_of(log_))) write_head();
  const LogState before = state_;
  const UtcSeconds now = clock_();
  try {
    std::string lines;
    for (Json& entry : entries) {
      if (entry.contains("produce_id")) produce_ids_.insert(text_of(entry, "produce_id"));
      lines += chained(std::move(entry), now);
    }
    append_bytes(log_, before.good_bytes, lines);
    state_.good_bytes = before.good_bytes + lines.size();
  } catch (...) {
    state_ = before;
    throw;
  }
  write_head();
}

int64_t LabelLog::prune(int keep_months) {
  VITRINE_REQUIRE(keep_months >= kMinKeepMonths, "[LabelLog] keep_months: expected at least ",
                  kMinKeepMonths, " (the log of labels is kept six months by law), got ",
                  keep_months);
  const UtcSeconds limit = months_before(clock_(), keep_months);
  const std::string bytes = read_file(log_);
  size_t kept_from = 0;
  int64_t deleted = 0;
  Json prune = {{"kind", "prune"}, {"keep_months", keep_months}};
  bool old = true;
  read_label_log(log_, [&](const Json& entry) {
    old = old && *parse_iso_time(text_of(entry, "time")) < limit;
    if (!old) return;
    kept_from = bytes.find('\n', kept_from) + 1;
    ++deleted;
    prune["deleted"] = deleted;
    prune["through_seq"] = entry["seq"];
    prune["through_sha256"] = entry["sha256"];
  });
  if (deleted == 0) return 0;
  const std::string line = chained(std::move(prune), clock_());
  const std::string kept = bytes.substr(kept_from, state_.good_bytes - kept_from) + line;
  write_file_atomic(log_, kept);
  state_.good_bytes = kept.size();
  state_.entries -= deleted;
  write_head();
  return deleted;
}

}  // namespace vitrine::store
