#include "serve/access_log.h"

#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/error.h"
#include "base/json.h"
#include "serve/wire.h"
#include "store/value.h"

namespace vitrine::serve {
namespace fs = std::filesystem;

AccessLog::AccessLog(fs::path file, size_t max_bytes) : path_(std::move(file)), max_bytes_(max_bytes) {
  if (path_ == "-") {
    file_ = stderr;
  } else if (!path_.empty()) {
    open();
    if (file_ == nullptr) {
      throw IoError(concat("[AccessLog] ", path_.string(), ": ", std::strerror(errno)));
    }
  }
}

AccessLog::~AccessLog() {
  if (file_ != nullptr && file_ != stderr) std::fclose(file_);
}

void AccessLog::open() {
  file_ = std::fopen(path_.c_str(), "ae");  // append, closed in children
  std::error_code none;
  const auto size = fs::file_size(path_, none);
  size_bytes_ = none ? 0 : size;
}

void AccessLog::turn_over() {
  std::fclose(file_);
  std::error_code ignored;  // then the file goes on growing
  fs::rename(path_, path_.string() + ".1", ignored);
  open();
}

void AccessLog::write(const AccessEntry& entry) {
  if (path_.empty()) return;
  Json json{{"time", to_rfc3339(store::utc_now())}, {"request_id", entry.request_id},
            {"address", entry.remote_address},   {"method", entry.method},
            {"path", entry.path},                {"operation", entry.operation},
            {"status", entry.status},            {"ms", entry.ms}};
  if (!entry.shop_id.empty()) json["shop"] = entry.shop_id;
  if (!entry.user_id.empty()) json["user"] = entry.user_id;
  if (!entry.error.empty()) json["error"] = entry.error;
  const std::string line = dump_line(json) + "\n";
  const std::scoped_lock lock(mutex_);
  if (file_ != stderr && size_bytes_ + line.size() > max_bytes_) turn_over();
  if (file_ == nullptr) return;
  std::fwrite(line.data(), 1, line.size(), file_);
  std::fflush(file_);
  size_bytes_ += line.size();
}

}  // namespace vitrine::serve
