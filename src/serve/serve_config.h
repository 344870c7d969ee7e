// serve/serve_config.h - the settings of `vitrine serve`.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/config.h"

namespace vitrine::serve {

struct ServeConfig {
  std::string host = "127.0.0.1";
  int port = 8791;
  std::string data;
  std::string store;
  std::string model = "copy-mini";
  std::string ranker = "auto";
  std::string picture_model = "sd-mini";
  std::string round_config = "align-mini";
  std::string gate_config;
  std::string gate_products = "data/advertisegen/dev.jsonl";
  std::string judge;
  std::string access_log = "auto";
  int http_threads = 192;
  int max_streams = 64;
  int max_upload_mib = 256;
  int session_hours = 12;
  int head_timeout_s = 10;
  int body_timeout_s = 30;
  int max_queued = 1000;
  int jobs_per_hour = 200;
  int grace_s = 10;
  int utc_offset_minutes = 480;
  bool secure_cookies = false;
  std::vector<std::string> trust_proxy;
  // Common options of the command line, which describes them itself:
  int threads = 0;    // of the copy model; 0 = all cores
  std::string dtype;  // of its weights; empty = the usual one

  void describe(FieldVisitor& v) {
    v.field("host", host, "address to listen at; anything but 127.0.0.1 opens the server to others");
    v.field("port", port, "port to listen at; 0 = any free one", 0, 65535);
    v.field("data", data, "folder of uploads, pictures, exports and, with SQLite, the database; empty = ~/.local/share/vitrine");
    v.field("store", store, "postgresql://…: keep records on a server, for several instances; empty = SQLite in the data folder");
    v.field("model", model, "copy model that a shop begins with: a folder, or a name in models/");
    v.field("ranker", ranker, "ranking model beside it; auto = the embedded one of the embedded model; empty = none");
    v.field("picture_model", picture_model, "picture model: a folder, or a name in models/");
    v.field("round_config", round_config, "settings of `align copy` for rounds: a name in configs/ or a file; empty = its own");
    v.field("gate_config", gate_config, "settings of `evaluate gate`: a name in configs/ or a file; empty = its own");
    v.field("gate_products", gate_products, "products that a gate lets both models write for: a file of the installation, or a path from /");
    v.field("judge", judge, "ranking model that decides a gate's win rate, and that rounds never learn from: a folder, or a name in models/; empty = ranker-mini");
    v.field("access_log", access_log, "file of one JSON line a request; auto = access.jsonl in the data folder, - = standard error, empty = none");
    v.field("http_threads", http_threads, "requests that are answered at once; an open stream holds one, and half of the others may wait for slow clients", 4, 4096);
    v.field("max_streams", max_streams, "streams of events that are open at once", 1, 4000);
    v.field("max_upload_mib", max_upload_mib, "largest file that is taken, MiB", 1, 4096);
    v.field("session_hours", session_hours, "how long one stays signed in", 1, 24 * 30);
    v.field("head_timeout_s", head_timeout_s, "longest time for the head of a request", 1, 3600);
    v.field("body_timeout_s", body_timeout_s, "longest time for the body of a request (uploads: ten times as long)", 1, 3600);
    v.field("max_queued", max_queued, "jobs that may wait, of all shops", 1, 1000000);
    v.field("jobs_per_hour", jobs_per_hour, "jobs that one user may start within an hour", 1, 1000000);
    v.field("grace_s", grace_s, "how long running jobs may end when the server stops", 0, 3600);
    v.field("utc_offset_minutes", utc_offset_minutes, "the shop's clock before UTC, for days in statistics", -720, 840);
    v.field("secure_cookies", secure_cookies, "cookies over HTTPS alone: behind a proxy that speaks it");
    v.field("trust_proxy", trust_proxy, "addresses of proxies whose X-Forwarded-For names the client; empty = none is believed");
  }
  /// Throws InvalidInput, naming the field, its value and its range; more streams than threads.
  void validate() const;

  /// Completions that are written at once: so many threads that streams leave.
  int max_completions() const { return (http_threads - max_streams + 1) / 2; }
  /// Connections whose request may be waited for (serve/waiting_room.h).
  int max_waiting() const { return (http_threads - max_streams + 1) / 2; }
  /// The data folder in use.
  std::filesystem::path data_folder() const;
  /// What store::Database opens.
  std::string store_location() const;
  /// Of the access log; empty = none.
  std::filesystem::path access_log_file() const;
};

}  // namespace vitrine::serve
