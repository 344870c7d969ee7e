// vitrine points PRODUCTS - plans of selling points, or the graph behind them.
#include "apps/command_line.h"
#include "apps/verbs.h"
#include "base/log.h"
#include "recipes/points.h"

namespace vitrine::apps {
namespace {

struct PointsVerb {
  CommonOptions common;
  recipes::PointsConfig config;
  std::string products;
  std::unique_ptr<ConfigOptions> options;

  int run() {
    if (options->resolve(common)) return kDone;
    const data::ImportReport report = recipes::write_points(products, config);
    if (report.rows_rejected > 0) log_warn("[points] ", report.table());
    return report.rows_rejected > 0 ? kSomeRejected : kDone;
  }
};

}  // namespace

void register_points(CLI::App& app, int& exit_code) {
  auto verb = std::make_shared<PointsVerb>();
  CLI::App* command = app.add_subcommand("points", "rank the selling points of products: plans, or the graph with evidence");
  command->add_option("products", verb->products, "product records or any importable file; - = standard input")->required();
  add_common_options(*command, verb->common);
  verb->options = std::make_unique<ConfigOptions>(*command, verb->config);
  command->callback([verb, &exit_code] { exit_code = verb->run(); });
}

}  // namespace vitrine::apps
