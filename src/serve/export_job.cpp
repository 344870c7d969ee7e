// Approved copy and pictures into one archive: the shop's own files with their texts, labels and
// manifests.
#include <algorithm>
#include <map>

#include "base/file.h"
#include "data/archive.h"
#include "serve/job_handlers.h"
#include "serve/job_request.h"
#include "serve/request_parts.h"
#include "serve/upload_reader.h"
#include "serve/wire.h"
#include "store/ids.h"

namespace vitrine::serve {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifestEnd = ".manifest.jsonl";

/// A folder that goes with the object.
class ScratchFolder {
 public:
  explicit ScratchFolder(fs::path path) : path_(std::move(path)) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// One file of the archive: the products that came with one upload, or product records.
struct Group {
  std::optional<store::Import> import;  // nothing = product records
  std::vector<store::Review> reviews;
  std::vector<store::ProductEntry> products;  // of these, each once
};

class ExportRun {
 public:
  ExportRun(Service& service, RunningJob& job)
      : service_(service), job_(job), request_(read_export_job(parse_json(job.job().request, job.job().id))),
        scratch_(service.exports() / ("making-" + job.job().id)) {
    auto loan = service.database.borrow();
    shop_ = need(store::Shops(*loan).find(job.shop_id()));
  }

  JobResult run() {
    if (shop_.producer.empty() && !request_.dry_run) throw Refusal("LBL_NO_PRODUCER");
    collect();
    size_t number = 0;
    for (const auto& [import_id, group] : groups_) {
      job_.throw_if_stopped();
      job_.progress(static_cast<int64_t>(number), static_cast<int64_t>(groups_.size()));
      export_group(group, std::to_string(++number));
    }
    for (const auto& review : pictures_) add_picture(review);
    return finish();
  }

 private:
  // ---- what is to leave

  std::vector<store::Review> wanted(store::Connection& connection) {
    store::Reviews reviews(connection, job_.shop_id());
    std::vector<store::Review> found;
    for (const auto& id : request_.review_ids) {
      const auto review = need(reviews.find(id));
      if (review.state == store::ReviewState::approved) found.push_back(review);
    }
    if (!request_.review_ids.empty()) return found;
    store::PageRequest page{.cursor = "", .limit = store::kMaxPage};
    do {
      auto part = reviews.list(store::ReviewState::approved, "", page);
      std::move(part.items.begin(), part.items.end(), std::back_inserter(found));
      page.cursor = part.next;
    } while (!page.cursor.empty());
    return found;
  }

  void collect() {
    auto loan = service_.database.borrow();
    store::Products products(*loan, job_.shop_id());
    store::Imports imports(*loan, job_.shop_id());
    for (const auto& review : wanted(*loan)) {
      if (review.kind == store::CandidateKind::image) {
        pictures_.push_back(review);
        continue;
      }
      const auto entry = need(products.find(review.product_id));
      Group& group = groups_[request_.as_source ? entry.import_id : ""];
      if (request_.as_source && !entry.import_id.empty()) group.import = imports.find(entry.import_id);
      const bool is_new = std::none_of(group.products.begin(), group.products.end(),
                                       [&](const auto& known) { return known.id == entry.id; });
      if (is_new) group.products.push_back(entry);
      group.reviews.push_back(review);
    }
  }

  // ---- texts

  /// The file that gets the texts, under the name that the archive shows.
  fs::path source_of(const Group& group, const fs::path& folder) const {
    fs::create_directories(folder);
    if (group.import) {
      const fs::path name = fs::path(group.import->file).filename();
      const bool is_name = !name.empty() && name != "." && name != "..";
      const fs::path source = folder / (is_name ? name : fs::path(group.import->stored_as));
      fs::copy_file(service_.uploads() / group.import->stored_as, source);
      return source;
    }
    std::string lines;
    for (const auto& entry : group.products) lines += entry.document + "\n";
    write_file_atomic(folder / "products.jsonl", lines);
    return folder / "products.jsonl";
  }

  data::ImportConfig reader_of(const Group& group) const {
    if (!group.import) return {};
    return reader_config({.path = service_.uploads() / group.import->stored_as, .file_name = group.import->file,
                          .sheet = group.import->sheet,
                          .map = parse_json(group.import->mapping, group.import->id).get<TargetByHeader>(), .licence = ""});
  }

  void export_group(const Group& group, const std::string& number) {
    const fs::path folder = scratch_.path() / number;
    const fs::path texts = scratch_.path() / (number + ".texts.jsonl");
    std::string lines;
    for (const auto& review : group.reviews) {
      lines += dump_line(Json{{"id", review.product_id}, {"field", review.field}, {"text", review.text}}) + "\n";
    }
    write_file_atomic(texts, lines);
    const TextExport order{.source = source_of(group, scratch_.path() / (number + ".source")),
                           .reader = reader_of(group), .texts = texts, .folder = folder,
                           .producer = shop_.producer, .who = job_.job().user_name,
                           .wording = shop_.label_wording, .place = std::string(to_word(shop_.label_place)),
                           .label_log = service_.folder / "labels.jsonl",
                           .overwrite = request_.overwrite, .dry_run = request_.dry_run};
    fs::create_directories(folder);
    const TextExportResult result = service_.hooks.export_texts(order);
    for (const auto& [status, count] : result.counts) counts_[status] += count;
    verified_ = verified_ && result.verified;
    take_files(folder, groups_.size() > 1 ? number + "/" : "");
    note_written(folder, group);
  }

  void take_files(const fs::path& folder, const std::string& prefix) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.is_regular_file()) files_[prefix + entry.path().filename().string()] = read_file(entry.path());
    }
  }

  /// The reviews whose texts the manifest says are in the file.
  void note_written(const fs::path& folder, const Group& group) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (!entry.path().string().ends_with(kManifestEnd)) continue;
      const std::string manifest = read_file(entry.path());
      for (size_t at = 0; at < manifest.size();) {
        const size_t end = std::min(manifest.find('\n', at), manifest.size());
        note_line(parse_json(std::string_view(manifest).substr(at, end - at), "manifest"), group);
        at = end + 1;
      }
    }
  }
  void note_line(const Json& line, const Group& group) {
    if (line.value("status", "") != "written") return;
    for (const auto& review : group.reviews) {
      if (review.product_id == line.value("id", "") && review.field == line.value("field", "")) exported_.push_back(review.id);
    }
  }

  // ---- pictures

  /// They carry their labels since they were drawn.
  void add_picture(const store::Review& review) {
    ++counts_[request_.dry_run ? "would_write" : "written"];
    if (request_.dry_run) return;
    std::optional<store::Candidate> candidate;
    {
      auto loan = service_.database.borrow();
      candidate = store::Candidates(*loan, job_.shop_id()).find(review.candidate_id);
    }
    files_[concat("pictures/", need(candidate).id, ".png")] = read_file(service_.pictures_folder() / candidate->file);
    exported_.push_back(review.id);
  }

  // ---- the archive

  JobResult finish() {
    const std::string id = store::new_id("e");
    const std::string archive = data::make_archive(files_);
    write_file_atomic(service_.exports() / (id + ".zip"), archive);
    const auto now = store::utc_now();
    store::Export record{.id = id, .job_id = job_.job().id, .user_id = job_.job().user_id,
                         .user_name = job_.job().user_name, .file = concat("copy-", to_rfc3339(now).substr(0, 10), ".zip"),
                         .stored_as = id + ".zip", .size_bytes = static_cast<int64_t>(archive.size()),
                         .counts = dump_line(Json(counts_)), .verified = verified_, .dry_run = request_.dry_run,
                         .created_at = now};
    const std::vector<std::string> left = request_.dry_run || !verified_ ? std::vector<std::string>() : exported_;
    return {.result = dump_line(Json{{"export_id", id}}),
            .keep = [record, left, shop_id = job_.shop_id()](store::Connection& connection) {
              keep_export(connection, shop_id, record, left);
            },
            .kept = {}};
  }

  static void keep_export(store::Connection& connection, const std::string& shop_id, const store::Export& record,
                          const std::vector<std::string>& review_ids) {
    store::Exports(connection, shop_id).add(record);
    store::Reviews(connection, shop_id).set_exported(review_ids, record.created_at);
    store::AuditTrail trail(connection, shop_id);
    for (const auto& review_id : review_ids) {
      trail.add({.id = store::new_id("a"), .time = record.created_at, .user_name = record.user_name,
                 .action = "review.export", .subject = "review:" + review_id,
                 .before = R"({"state":"approved"})", .after = R"({"state":"exported"})"});
    }
  }

  Service& service_;
  RunningJob& job_;
  const ExportJob request_;
  ScratchFolder scratch_;
  store::Shop shop_;
  std::map<std::string, Group> groups_;  // by import; "" = product records
  std::vector<store::Review> pictures_;
  std::map<std::string, std::string> files_;  // of the archive
  std::map<std::string, int64_t> counts_;
  std::vector<std::string> exported_;  // reviews
  bool verified_ = true;
};

}  // namespace

JobResult run_export_job(Service& service, RunningJob& job) {
  return ExportRun(service, job).run();
}

}  // namespace vitrine::serve
