// The rows of an upload become products.
#include "serve/job_handlers.h"
#include "serve/job_request.h"
#include "serve/request_parts.h"
#include "serve/upload_reader.h"
#include "serve/wire.h"
#include "store/ids.h"

namespace vitrine::serve {
namespace {

constexpr size_t kRowsAtOnce = 200;  // in one transaction

/// One upload on its way. A row that is stored again changes nothing, so a job that is taken over
/// begins anew.
class ImportRun {
 public:
  ImportRun(Service& service, RunningJob& job, store::Import import, const std::string& licence)
      : service_(service), job_(job), import_(std::move(import)) {
    form_ = {.path = service.uploads() / import_.stored_as, .file_name = import_.file, .sheet = import_.sheet,
             .map = parse_json(import_.mapping, import_.id).get<TargetByHeader>(), .licence = licence};
  }

  JobResult run() {
    UploadReader reader(form_);
    while (auto row = reader.next()) {
      row->product ? take(*row->product) : void(++rejected_);
      if (entries_.size() == kRowsAtOnce) store_rows();
    }
    store_rows();
    return {.result = dump_line(Json{{"products", products_}, {"rejected", rejected_}}),
            .keep = [this_import = import_, shop_id = job_.shop_id(), user = job_.job().user_name, count = products_](
                        store::Connection& connection) { close(connection, shop_id, user, this_import.id, count); },
            .kept = {}};
  }

 private:
  void take(data::Product& product) {
    service_.normalizer.normalize(product);
    entries_.push_back(store::product_entry(product, import_.id));
  }

  void store_rows() {
    job_.throw_if_stopped();
    products_ += static_cast<int64_t>(entries_.size());
    auto loan = service_.database.borrow();
    store::Products(*loan, job_.shop_id()).put(entries_, store::utc_now());
    entries_.clear();
    job_.progress(products_ + rejected_, import_.rows);
  }

  static void close(store::Connection& connection, const std::string& shop_id, const std::string& user,
                    const std::string& import_id, int64_t count) {
    store::Imports(connection, shop_id).set_imported(import_id);
    store::AuditTrail(connection, shop_id)
        .add({.id = store::new_id("a"), .time = store::utc_now(), .user_name = user, .action = "import.accept",
              .subject = "import:" + import_id, .before = "", .after = dump_line(Json{{"products", count}})});
  }

  Service& service_;
  RunningJob& job_;
  store::Import import_;
  UploadForm form_;
  std::vector<store::ProductEntry> entries_;
  int64_t products_ = 0, rejected_ = 0;
};

}  // namespace

JobResult run_import_job(Service& service, RunningJob& job) {
  const ImportJob request = read_import_job(parse_json(job.job().request, "job " + job.job().id));
  store::Import import;
  {
    auto loan = service.database.borrow();
    import = need(store::Imports(*loan, job.shop_id()).find(request.import_id));
  }
  return ImportRun(service, job, std::move(import), request.licence).run();
}

}  // namespace vitrine::serve
