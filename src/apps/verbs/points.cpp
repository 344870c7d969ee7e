// vitrine points PRODUCTS - plans of selling points, or the graph behind them.
#include "apps/command_line.h"
#include "apps/verbs.h"
#include "base/log.h"
#include "recipes/points.h"

namespace vitrine::apps {
namespace {

struct PointsVerb {
  explicit PointsVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::PointsConfig config;
  std::string products;
  VerbOptions options;

  int run() {
    if (options.resolve()) return kDone;
    VerbOptions::require(!products.empty(), "PRODUCTS");
    const data::ImportReport report = recipes::write_points(products, config);
    if (report.rows_rejected > 0) data::log_table("[points]", report.table(), true);
    return report.rows_rejected > 0 ? kSomeRejected : kDone;
  }
};

}  // namespace

void register_points(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("points", "rank the selling points of products: plans, or the graph with evidence");
  auto verb = std::make_shared<PointsVerb>(*command);
  command->add_option("PRODUCTS", verb->products, "product records or any importable file; - = standard input");
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {});
  command->callback([verb, &exit_code] { exit_code = verb->run(); });
}

}  // namespace vitrine::apps
