// Approved copy and pictures into one archive: the shop's own files with their texts, labels and
// manifests.
#include <algorithm>
#include <map>
#include <set>

#include "serve/job_handlers.h"
#include "serve/job_request.h"
#include "serve/request_parts.h"
#include "serve/text_archive.h"
#include "store/audit.h"
#include "store/ids.h"
#include "store/reviews.h"

namespace vitrine::serve {
namespace {

class ExportRun {
 public:
  ExportRun(Service& service, RunningJob& job)
      : service_(service), job_(job), request_(read_export_job(parse_json(job.job().request, job.job().id))) {}

  JobResult run() {
    collect();
    if (groups_.empty() && pictures_.empty()) return {.result = dump_line(Json{{"superseded", superseded_}}), .keep = {}, .kept = {}};
    TextArchive archive(service_, job_, {.overwrite = request_.overwrite, .dry_run = request_.dry_run, .in_folders = groups_.size() > 1});
    const auto total = static_cast<int64_t>(groups_.size() + pictures_.size());
    int64_t done = 0;
    for (const auto& [import_id, group] : groups_) {
      job_.throw_if_stopped();
      job_.progress(done++, total);
      const auto written = archive.add_group(group);
      exported_.insert(exported_.end(), written.begin(), written.end());
    }
    for (const auto& review : pictures_) add_picture(review, archive);
    job_.progress(total, total);
    return finish(archive);
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

  /// Of each product and field the text that was approved last. Where that has left already nothing does,
  /// unless an older one was asked for by its id.
  std::set<std::string> leaving(store::Connection& connection, const std::vector<store::Review>& found) const {
    std::map<std::pair<std::string, std::string>, std::set<std::string>> offered;
    for (const auto& review : found) {
      if (review.kind == store::CandidateKind::copy) offered[{review.product_id, review.field}].insert(review.id);
    }
    std::set<std::string> chosen;
    store::Reviews reviews(connection, job_.shop_id());
    for (const auto& [place, ids] : offered) {
      auto newest = reviews.newest_approved(place.first, place.second);
      if (request_.review_ids.empty()) newest.resize(std::min<size_t>(newest.size(), 1));
      const auto first = std::find_if(newest.begin(), newest.end(), [&ids = ids](const auto& id) { return ids.contains(id); });
      if (first != newest.end()) chosen.insert(*first);
    }
    return chosen;
  }

  void collect() {
    auto loan = service_.database.borrow();
    store::Products products(*loan, job_.shop_id());
    store::Imports imports(*loan, job_.shop_id());
    const auto found = wanted(*loan);
    const auto texts = leaving(*loan, found);
    for (const auto& review : found) {
      if (review.kind == store::CandidateKind::image) {
        pictures_.push_back(review);
        continue;
      }
      if (!texts.contains(review.id)) {
        ++superseded_;
        continue;
      }
      const auto entry = need(products.find(review.product_id));
      TextGroup& group = groups_[request_.as_source ? entry.import_id : ""];
      if (request_.as_source && !entry.import_id.empty()) group.import = imports.find(entry.import_id);
      const bool is_new = std::none_of(group.products.begin(), group.products.end(),
                                       [&](const auto& known) { return known.id == entry.id; });
      if (is_new) group.products.push_back(entry);
      group.texts.push_back({review.product_id, review.field, review.text, review.id});
    }
  }

  /// They carry their labels since they were drawn.
  void add_picture(const store::Review& review, TextArchive& archive) {
    std::optional<store::Candidate> candidate;
    {
      auto loan = service_.database.borrow();
      candidate = store::Candidates(*loan, job_.shop_id()).find(review.candidate_id);
    }
    archive.add_file(concat("pictures/", need(candidate).id, ".png"), service_.pictures_folder() / candidate->file);
    exported_.push_back(review.id);
  }

  // ---- the archive

  JobResult finish(TextArchive& archive) const {
    archive.count("superseded", superseded_);
    const store::Export record = archive.finish("copy");
    const std::vector<std::string> left = request_.dry_run || !record.verified ? std::vector<std::string>() : exported_;
    return {.result = dump_line(Json{{"export_id", record.id}, {"superseded", superseded_}}),
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
  std::map<std::string, TextGroup> groups_;  // by import; "" = product records
  std::vector<store::Review> pictures_;
  int64_t superseded_ = 0;  // texts behind a newer one of their product and field
  std::vector<std::string> exported_;  // reviews
};

}  // namespace

JobResult run_export_job(Service& service, RunningJob& job) {
  return ExportRun(service, job).run();
}

}  // namespace vitrine::serve
