// Copy for many products: the best candidate of each into the review queue, or into the files that the
// products came from.
#include <algorithm>
#include <map>

#include "base/hash.h"
#include "base/stopwatch.h"
#include "serve/job_handlers.h"
#include "serve/job_request.h"
#include "serve/request_parts.h"
#include "serve/text_archive.h"
#include "serve/text_check.h"
#include "serve/wire.h"
#include "serve/written_copy.h"
#include "store/audit.h"
#include "store/ids.h"

namespace vitrine::serve {
namespace {

constexpr int64_t kMeasuredProducts = 2;  // of a dry run
constexpr size_t kMostNamed = 200;        // rows without a text; more are counted

/// A text that is to be written.
struct Row {
  std::string product_id, field;
};

/// One run over the products. A row is stored with its checkpoint in one transaction, and its ids
/// follow from job and row: done again, it changes nothing.
class BatchRun {
 public:
  BatchRun(Service& service, RunningJob& job)
      : service_(service), job_(job), request_(read_batch_job(parse_json(job.job().request, job.job().id))),
        writing_(writing_model(service, job.shop_id(), "")) {}

  JobResult run() {
    collect();
    if (request_.dry_run) return {.result = dump_line(Json{{"estimate", estimate()}}), .keep = {}, .kept = {}};
    const auto begin = static_cast<size_t>(first_row());
    for (size_t i = begin; i < rows_.size(); ++i) {
      job_.throw_if_stopped();
      job_.progress(static_cast<int64_t>(i), static_cast<int64_t>(rows_.size()));
      write_row(rows_[i]);
      job_.checkpoint(dump_line(Json{{"rows_done", i + 1}, {"rejected", rejected_}, {"without_text", without_text_}}));
    }
    job_.progress(static_cast<int64_t>(rows_.size()), static_cast<int64_t>(rows_.size()));
    if (request_.to_file) return delivered();
    return {.result = dump_line(result()), .keep = {}, .kept = {}};
  }

 private:
  Json result() const { return {{"rejected", rejected_}, {"without_text", without_text_}}; }

  bool is_wanted(const store::ProductEntry& entry) const {
    if (request_.state && entry.state != *request_.state) return false;
    const bool is_open = entry.state == store::CopyState::empty || entry.state == store::CopyState::written;
    return !request_.only_empty || is_open;
  }

  /// A description that the shop's own file has stays.
  bool is_filled(const store::ProductEntry& entry, const std::string& field) const {
    return request_.only_empty && field == "description" && !store::product_of(entry).summary.empty();
  }

  /// The rows in the order of import. What this job wrote before it was taken over is there still:
  /// its products are in another state now, but the rows have to be the same ones.
  void collect() {
    auto loan = service_.database.borrow();
    store::Products products(*loan, job_.shop_id());
    store::Candidates candidates(*loan, job_.shop_id());
    store::PageRequest page{.cursor = "", .limit = store::kMaxPage};
    do {
      const auto found = products.list({.words = "", .category = "", .import_id = request_.import_id, .state = {}}, page);
      for (const auto& entry : found.items) {
        ++products_seen_;
        if (!is_wanted(entry) && !is_own(candidates, entry.id)) continue;
        for (const auto& field : request_.fields) {
          if (!is_filled(entry, field)) rows_.push_back({entry.id, field});
        }
      }
      page.cursor = found.next;
    } while (!page.cursor.empty());
  }
  bool is_own(store::Candidates& candidates, const std::string& product_id) const {
    return std::any_of(request_.fields.begin(), request_.fields.end(), [&](const std::string& field) {
      return candidates.find(written_id({product_id, field})).has_value();
    });
  }

  int64_t first_row() {
    if (job_.claim().checkpoint.empty()) return 0;
    const Json checkpoint = parse_json(job_.claim().checkpoint, "checkpoint of " + job_.job().id);
    rejected_ = checkpoint.at("rejected").get<int64_t>();
    without_text_ = checkpoint.value("without_text", Json::array());  // one of an older server names none
    return checkpoint.at("rows_done").get<int64_t>();
  }

  std::string row_id(const Row& row) const {
    return sha256_hex(concat(job_.job().id, '\n', row.product_id, '\n', row.field)).substr(0, 32);
  }
  std::string written_id(const Row& row) const { return "c-" + row_id(row); }
  std::string review_id(const Row& row) const { return "r-" + row_id(row); }

  CopyRequest copy_of(const data::Product& product, const Factors& factors) const {
    CopyRequest copy = copy_request(product, factors);
    copy.config.num_return_sequences = request_.num_return_sequences;
    copy.config.seed = request_.seed;
    copy.config.model = writing_.model.name;
    copy.priority = static_cast<int>(job_.job().priority);
    return copy;
  }
  CopyWatch watch() {
    CopyWatch watch;
    watch.is_cancelled = [this] { return job_.should_stop(); };
    return watch;
  }

  store::ProductEntry entry_of(const std::string& product_id) {
    auto loan = service_.database.borrow();
    return need(store::Products(*loan, job_.shop_id()).find(product_id));
  }

  void write_row(const Row& row) {
    const store::ProductEntry entry = entry_of(row.product_id);
    const data::Product product = store::product_of(entry);
    Factors factors = request_.factors;
    factors.field = row.field;
    const CopyRequest copy = copy_of(product, factors);
    const auto written = writing_.engine->write(copy, watch());
    if (written.candidates.empty()) {
      ++rejected_;
      if (without_text_.size() < kMostNamed)
        without_text_.push_back({{"product_id", row.product_id}, {"title", entry.title}, {"field", row.field}, {"reason", written.error}});
      return;
    }
    const std::string id = plan_id(entry.document, factors);
    const data::Product checked = checked_product(service_, product);
    const CandidatePlace place{.job_id = job_.job().id,
                               .plan = new_plan(id, row.product_id, factors, plan_json(id, written.plan, factors, checked)),
                               .product_title = entry.title,
                               .prompt = prompt_of(checked),
                               .model = writing_.model};
    store::Candidate candidate = stored_candidate(written.candidates.front(), place, copy.config);
    candidate.id = written_id(row);
    if (request_.to_file) return store_text(place.plan, candidate);
    const store::Pick pick = pick_of(row, candidate.id);
    store_row(place.plan, candidate, pick, review_of(row, pick, candidate, place.plan, checked));
  }

  void store_text(const store::Plan& plan, const store::Candidate& candidate) {
    auto loan = service_.database.borrow();
    store::Transaction transaction(*loan);
    store::Plans(*loan, job_.shop_id()).add(plan);
    store::Candidates(*loan, job_.shop_id()).add({candidate});
    transaction.commit();
  }

  // ---- into the files

  /// The texts of the rows, those too that were written before the job was taken over, by import.
  std::map<std::string, TextGroup> groups() {
    auto loan = service_.database.borrow();
    store::Products products(*loan, job_.shop_id());
    store::Imports imports(*loan, job_.shop_id());
    store::Candidates candidates(*loan, job_.shop_id());
    std::map<std::string, TextGroup> groups;
    for (const Row& row : rows_) {
      const auto candidate = candidates.find(written_id(row));
      if (!candidate) continue;
      const store::ProductEntry entry = need(products.find(row.product_id));
      TextGroup& group = groups[entry.import_id];
      if (!entry.import_id.empty() && !group.import) group.import = imports.find(entry.import_id);
      if (group.products.empty() || group.products.back().id != entry.id) group.products.push_back(entry);
      group.texts.push_back({row.product_id, row.field, candidate->text, candidate->id});
    }
    return groups;
  }

  JobResult delivered() {
    const auto by_import = groups();
    if (by_import.empty()) return {.result = dump_line(result()), .keep = {}, .kept = {}};
    TextArchive archive(service_, job_, {.overwrite = !request_.only_empty, .dry_run = false, .in_folders = by_import.size() > 1});
    for (const auto& [import_id, group] : by_import) {
      job_.throw_if_stopped();
      archive.add_group(group);
    }
    const store::Export record = archive.finish("batch");
    const store::AuditEntry entry{.id = store::new_id("a"), .time = record.created_at, .user_name = record.user_name, .action = "batch.export",
                                  .subject = "export:" + record.id, .before = {}, .after = record.counts};
    Json delivered = result();
    delivered["export_id"] = record.id;
    return {.result = dump_line(delivered),
            .keep = [record, entry, shop_id = job_.shop_id()](store::Connection& connection) {
              store::Exports(connection, shop_id).add(record);
              store::AuditTrail(connection, shop_id).add(entry);
            },
            .kept = {}};
  }

  // ---- into the queue

  void store_row(const store::Plan& plan, const store::Candidate& candidate, const store::Pick& pick,
                 const store::Review& review) {
    auto loan = service_.database.borrow();
    store::Transaction transaction(*loan);
    store::Plans(*loan, job_.shop_id()).add(plan);
    store::Candidates(*loan, job_.shop_id()).add({candidate});
    // A review that a person has decided meanwhile stays as it is.
    if (store::Picks(*loan, job_.shop_id()).put(pick) == store::PutPick::stored) {
      store::Reviews(*loan, job_.shop_id()).open(review);
    }
    transaction.commit();
  }

  /// What stands in the queue was picked by nobody: one shown, no time.
  store::Pick pick_of(const Row& row, const std::string& candidate_id) const {
    store::Pick pick;
    pick.id = "batch-" + row_id(row);
    pick.product_id = row.product_id;
    pick.user_id = job_.job().user_id;
    pick.shown_ids = pick.chosen = {candidate_id};
    pick.time = store::utc_now();
    pick.by_job = true;
    return pick;
  }

  store::Review review_of(const Row& row, const store::Pick& pick, const store::Candidate& candidate,
                          const store::Plan& plan, const data::Product& product) const {
    store::Review review;
    review.id = review_id(row);
    review.product_id = row.product_id;
    review.pick_id = pick.id;
    review.candidate_id = candidate.id;
    review.field = plan.field;
    review.platform = plan.platform;
    review.style = plan.style;
    review.text = candidate.text;
    review.author_id = pick.user_id;
    review.created_at = review.updated_at = pick.time;
    review.check_report = dump_line(
        check_json(service_, review.id, review.text, product, {plan.field, plan.platform, plan.style}));
    return review;
  }

  /// Writes the first texts and throws them away.
  Json estimate() {
    const auto measured = std::min<int64_t>(kMeasuredProducts, static_cast<int64_t>(rows_.size()));
    const auto start = SteadyClock::now();
    int64_t tokens = 0;
    for (int64_t i = 0; i < measured; ++i) {
      job_.throw_if_stopped();
      const Row& row = rows_[static_cast<size_t>(i)];
      Factors factors = request_.factors;
      factors.field = row.field;
      const auto written = writing_.engine->write(copy_of(store::product_of(entry_of(row.product_id)), factors), watch());
      for (const auto& candidate : written.candidates) tokens += candidate.tokens;
    }
    const double share = measured > 0 ? static_cast<double>(rows_.size()) / static_cast<double>(measured) : 0;
    const double seconds = seconds_since(start) * share;
    return {{"rows", products_seen_},
            {"rows_rejected", rejected_rows()},
            {"texts_to_write", rows_.size()},
            {"seconds", seconds},
            {"tokens", static_cast<int64_t>(static_cast<double>(tokens) * share)},
            {"price_per_hour", price_per_hour()},
            {"cost", seconds / 3600 * price_per_hour()}};
  }
  double price_per_hour() {
    auto loan = service_.database.borrow();
    return need(store::Shops(*loan).find(job_.shop_id())).price_per_hour;
  }
  int64_t rejected_rows() {
    if (request_.import_id.empty()) return 0;
    auto loan = service_.database.borrow();
    return need(store::Imports(*loan, job_.shop_id()).find(request_.import_id)).rejected;
  }

  Service& service_;
  RunningJob& job_;
  const BatchJob request_;
  const WritingModel writing_;
  std::vector<Row> rows_;
  int64_t products_seen_ = 0, rejected_ = 0;
  Json without_text_ = Json::array();  // the first of those that were rejected
};

}  // namespace

JobResult run_batch_job(Service& service, RunningJob& job) {
  return BatchRun(service, job).run();
}

}  // namespace vitrine::serve
