// vitrine write - the main job: products in, copy candidates out.
#include <memory>

#include "apps/command_line.h"
#include "apps/verbs.h"
#include "base/error.h"
#include "generation/decoder.h"
#include "generation/dtypes.h"
#include "recipes/run_write.h"
#include "recipes/write_catalogue.h"

namespace vitrine::apps {
namespace {

struct WriteVerb {
  explicit WriteVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  copywriting::WriteConfig config;
  recipes::WriteRun run;
  recipes::CatalogueConfig catalogue;
  recipes::LabelOptions labels;
  VerbOptions options;
};

/// What only a table as output can mean is not passed over in silence.
void require_no_table_options(const VerbOptions& options) {
  for (const char* name : {"fields", "columns", "map", "source_format", "separator", "properties", "dry_run", "only_empty", "price_per_hour", "manifest"}) {
    if (options.given().contains(name)) throw UsageError(concat("[write] ", name, ": needs a table as --output (.csv, .tsv, .xlsx, .xml, .json, .zip)"));
  }
}

}  // namespace

void register_write(CLI::App& app, int& exit_code) {
  auto& verb = *app.add_subcommand("write", "attributes in, checked and ordered copy candidates out");
  auto state = std::make_shared<WriteVerb>(verb);
  verb.add_option("PRODUCTS", state->run.input, "product records or any importable table; - is standard input");
  state->options.name_also("num_return_sequences", "-n");
  state->options.add(state->config);
  state->options.add(state->run);
  state->options.add(state->catalogue);
  state->options.add(state->labels);
  state->options.add_common(state->common, {.dtypes = generation::weight_dtypes()});
  verb.callback([state, &exit_code] {
    if (state->options.resolve()) return;
    state->run.threads = state->common.threads;
    state->run.dtype = state->common.dtype;
    if (recipes::is_catalogue_output(state->run.output)) {
      const bool all = recipes::write_catalogue(state->config, state->run, state->catalogue, state->labels);
      exit_code = all ? kDone : kSomeRejected;
      return;
    }
    require_no_table_options(state->options);
    exit_code = recipes::run_write(state->config, state->run) ? kDone : kSomeRejected;
  });
}

}  // namespace vitrine::apps
