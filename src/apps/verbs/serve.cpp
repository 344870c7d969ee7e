// vitrine serve - the AI Writer's page and the HTTP interface, until Ctrl-C.
#include "serve/server.h"

#include <filesystem>
#include <mutex>

#include "apps/command_line.h"
#include "apps/verbs.h"
#include "base/resource.h"
#include "generation/dtypes.h"
#include "recipes/export_texts.h"
#include "recipes/verify_export.h"

namespace vitrine::apps {
namespace {

struct ServeVerb {
  explicit ServeVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  serve::ServeConfig config;
  bool reset_admin_password = false;
  std::string add_shop;
  CLI::Option* adds_shop = nullptr;
  VerbOptions options;
};

recipes::LabelContext labels_of(const serve::TextExport& order) {
  recipes::LabelOptions options;
  options.producer = order.producer;
  options.log = order.label_log.string();
  options.who = order.who;
  return recipes::open_labels(options, system_utc_clock());
}

recipes::ExportConfig config_of(const serve::TextExport& order) {
  recipes::ExportConfig config;
  config.file.reader = order.reader;
  config.texts = {order.texts.string()};
  config.output = (order.folder / order.source.filename()).string();
  config.overwrite = order.overwrite;
  config.only_empty = !order.overwrite;
  config.dry_run = order.dry_run;
  config.wording = order.wording;
  config.place = order.place;
  return config;
}

/// One at a time: the log of labels has one writer.
serve::TextExportResult export_texts(const serve::TextExport& order) {
  static std::mutex one_writer;
  const std::scoped_lock lock(one_writer);
  const auto labels = labels_of(order);
  const recipes::ExportConfig config = config_of(order);
  const recipes::ExportResult exported = recipes::export_texts(order.source.string(), config, labels);
  serve::TextExportResult result;
  const Json counts = to_json(exported.counts);
  for (const auto& [status, count] : counts.items()) result.counts[status] = count.get<int64_t>();
  const bool has_texts = !order.dry_run && exported.counts[recipes::ExportStatus::written] > 0;
  result.verified = !has_texts || recipes::verify_export(config.output, labels).at("result") == "pass";
  return result;
}

/// Rounds and drawing need the program with libtorch, reading of pictures the one with libvips.
///   threads  of the picture worker; 0 = all cores
serve::ServeHooks hooks(int threads) {
  const std::filesystem::path bin = program_folder(), parts = bin / "../libexec";
  const std::string vitrine = (bin / "vitrine").string();
  std::vector<std::string> draw_worker{vitrine, "draw-worker"};
  if (threads > 0) draw_worker.insert(draw_worker.end(), {"--threads", std::to_string(threads)});
  const bool has_torch = std::filesystem::exists(parts / "vitrine-torch");
  return {.export_texts = export_texts,
          .program = {vitrine},
          .trains = has_torch,
          .reads_pictures = std::filesystem::exists(parts / "vitrine-pictures"),
          .draw_worker = has_torch ? draw_worker : std::vector<std::string>()};
}

int run_serve(ServeVerb& verb) {
  if (verb.options.resolve()) return kDone;
  verb.config.threads = verb.common.threads;
  verb.config.dtype = verb.common.dtype;
  if (verb.adds_shop->count() > 0) {
    serve::run_add_shop(verb.config, verb.add_shop);
    return kDone;
  }
  serve::run_server(verb.config, hooks(verb.common.threads), verb.reset_admin_password);
  return kDone;
}

}  // namespace

void register_serve(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("serve", "the AI Writer: its page and the HTTP interface, until Ctrl-C");
  auto verb = std::make_shared<ServeVerb>(*command);
  verb->options.add(verb->config);
  auto* reset = command->add_flag("--reset-admin-password", verb->reset_admin_password,
                                  "give the account admin a new password, which is printed ($VITRINE_ADMIN_PASSWORD: this one)");
  verb->adds_shop = command->add_option("--add-shop", verb->add_shop,
                                        "add a shop of this name, print its admin's account and password, and end; a server may run meanwhile");
  verb->adds_shop->excludes(reset);
  verb->options.add_common(verb->common, {.engine = "native", .dtypes = generation::weight_dtypes(), .gpu = false});
  command->callback([verb, &exit_code] { exit_code = run_serve(*verb); });
}

}  // namespace vitrine::apps
