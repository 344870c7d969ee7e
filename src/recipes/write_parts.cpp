#include "recipes/write_parts.h"

#include <algorithm>
#include <cstdio>

#include "base/byte_reader.h"
#include "base/error.h"
#include "base/log.h"

namespace vitrine::recipes {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kLock = "lock", kDone = ".done";
constexpr std::string_view kEndings[] = {".jsonl", ".txt", ".table", ".texts", ".manifest", ".labels",
                                         ".log", kDone};
constexpr size_t kMaxNamed = 3;       // settings in one message
constexpr size_t kMaxValueSize = 40;  // of each
constexpr size_t kChunkBytes = size_t{1} << 16;

bool is_part(const std::string& name) {
  if (name == kLock) return true;
  const size_t digits = name.find_first_not_of("0123456789");
  return digits != std::string::npos && digits >= 6 &&
         std::find(std::begin(kEndings), std::end(kEndings), name.substr(digits)) !=
             std::end(kEndings);
}

UnfinishedFolder parts_folder(const fs::path& output, const std::string& verb) {
  return {.place = output.string() + ".parts", .verb = verb, .holds = "parts", .makes = is_part};
}

size_t count_done(const UnfinishedFolder& folder) {
  const auto files = folder.files();
  return static_cast<size_t>(std::count_if(
      files.begin(), files.end(), [](const fs::path& file) { return file.extension() == kDone; }));
}

/// null when it is not there or damaged.
Json settings_in(const fs::path& folder) {
  try {
    return read_json_file(folder / kRunSettings);
  } catch (const Error&) {
    return nullptr;
  }
}

std::string shown(const Json& settings, const std::string& name) {
  const std::string text = settings.contains(name) ? settings[name].dump() : "not set";
  return text.size() <= kMaxValueSize ? text : printable(text.substr(0, kMaxValueSize)) + "…";
}

/// "temperature was 0.8, is 0.9".
std::string differences(const Json& was, const Json& is) {
  if (!was.is_object()) return concat(kRunSettings, " is missing or damaged");
  Json names = is;
  names.update(was);
  std::string text;
  size_t count = 0;
  for (const auto& [name, value] : names.items()) {
    const bool same = was.contains(name) && is.contains(name) && was[name] == is[name];
    if (same || ++count > kMaxNamed) continue;
    text +=
        concat(text.empty() ? "" : "; ", name, " was ", shown(was, name), ", is ", shown(is, name));
  }
  return count <= kMaxNamed ? text : concat(text, "; and ", count - kMaxNamed, " more");
}

}  // namespace

WriteParts::WriteParts(const fs::path& output, std::vector<std::string> endings, std::string verb)
    : own_(parts_folder(output, verb)), endings_(std::move(endings)), verb_(std::move(verb)) {
  own_.require_own();
  lock_.emplace(own_.place / kLock,
                concat("[", verb_, "] ", output.string(), ": another process is writing it"));
  num_found_ = count_done(own_);
}

WriteParts::WriteParts(const fs::path& output, const Json& settings,
                       std::vector<std::string> endings, bool restart, std::string verb)
    : WriteParts(output, std::move(endings), std::move(verb)) {
  take_over(settings, restart);
}

bool WriteParts::are_there(const fs::path& output, const Json& settings) {
  return settings_in(parts_folder(output, "").place) == settings;
}

void WriteParts::take_over(const Json& settings, bool restart) {
  const Json before = settings_in(own_.place);
  if (before == settings && !restart) return;
  if (num_found_ > 0 && !restart) {
    throw InvalidInput(concat(
        "[", verb_, "] ", own_.place.string(), ": holds ", num_found_, " part", num_found_ == 1 ? "" : "s",
        " of a run with other settings or another input: ", differences(before, settings),
        "; --restart starts anew"));
  }
  delete_own_files(/*lock_too=*/false);
  num_found_ = 0;
  write_file_atomic(own_.place / kRunSettings, dump_pretty(settings));
}

WriteParts::~WriteParts() {
  open_.clear();
  if (is_removed_ || num_found_ + num_finished_ > 0) return;
  try {
    remove();
  } catch (const Error& e) {
    log_warn(e.what());
  }
}

fs::path WriteParts::place(size_t part, std::string_view ending) const {
  char number[32];
  std::snprintf(number, sizeof number, "%06zu", part);
  return own_.place / concat(number, ending);
}

std::optional<Json> WriteParts::finished(size_t part, int64_t first_row) const {
  const fs::path done = place(part, kDone);
  if (!fs::exists(done)) return std::nullopt;
  try {
    Json record = read_json_file(done);
    if (record.value("first_row", int64_t{0}) != first_row)
      throw Corrupt(concat(done.string(), ": begins with row ", record.at("first_row").dump(),
                           ", expected ", first_row));
    for (const auto& ending : endings_) {
      const fs::path file = place(part, ending);
      if (sha256_file(file) != record.at("sha256").at(ending))
        throw Corrupt(concat(file.string(), ": not the bytes that were written"));
    }
    return record.at("totals");
  } catch (const nlohmann::json::exception& e) {
    log_warn("[", verb_, "] part ", part, " is damaged and is written anew: ", e.what());
    return std::nullopt;
  } catch (const Error& e) {
    log_warn("[", verb_, "] part ", part, " is damaged and is written anew: ", e.what());
    return std::nullopt;
  }
}

void WriteParts::begin(size_t part, int64_t first_row) {
  part_ = part;
  first_row_ = first_row;
  open_.clear();
  for (const auto& ending : endings_)
    open_.push_back({std::make_unique<AtomicFile>(place(part, ending)), {}});
}

void WriteParts::write(size_t form, std::string_view text) {
  open_[form].file->write(text);
  open_[form].hash.add(text);
}

void WriteParts::finish(const Json& totals) {
  Json record{{"totals", totals}, {"first_row", first_row_}, {"sha256", Json::object()}};
  for (size_t form = 0; form < endings_.size(); ++form) {
    open_[form].file->commit();
    record["sha256"][endings_[form]] = open_[form].hash.hex();
  }
  open_.clear();
  write_file_atomic(place(part_, kDone), dump_line(record) + "\n");
  ++num_finished_;
}

std::unique_ptr<ByteReader> WriteParts::open(size_t part, size_t form) const {
  return open_bytes(place(part, endings_[form]));
}

void WriteParts::copy(size_t part, size_t form, OutputFile& output) const {
  const auto reader = open(part, form);
  std::vector<char> chunk(kChunkBytes);
  while (const size_t size = reader->read(chunk)) output.write({chunk.data(), size});
}

void WriteParts::delete_own_files(bool lock_too) const {
  std::vector<fs::path> files = own_.files();
  // What is left by a kill in between must still be understood: no part without run.json, no part
  // at all without lock.
  const auto turn = [](const fs::path& file) {
    return file.filename() == kLock       ? 3
           : file.filename() == kRunSettings ? 2
           : file.extension() == kDone    ? 0
                                          : 1;
  };
  std::sort(files.begin(), files.end(),
            [&](const fs::path& a, const fs::path& b) { return turn(a) < turn(b); });
  for (const fs::path& file : files) {
    if (!own_.is_own(file) || (file.filename() == kLock && !lock_too)) continue;
    std::error_code code;
    fs::remove_all(file, code);
    if (code) throw IoError(concat("[", verb_, "] ", file.string(), ": ", code.message()));
  }
}

void WriteParts::remove() {
  is_removed_ = true;
  delete_own_files(/*lock_too=*/true);
  std::error_code ignored;  // files of others keep the folder
  fs::remove(own_.place, ignored);
}

}  // namespace vitrine::recipes
