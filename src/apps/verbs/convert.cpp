// vitrine convert preferences IN - ranked lists and pairs between our own form, TRL's and
// LLaMA-Factory's; convert sd, convert lora - weights of picture models between layouts.
#include "apps/command_line.h"
#include "apps/verbs.h"
#include "base/error.h"
#include "base/log.h"
#include "recipes/convert_lora.h"
#include "recipes/convert_preferences.h"
#include "recipes/convert_sd.h"

namespace vitrine::apps {
namespace {

struct ConvertPreferencesVerb {
  explicit ConvertPreferencesVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  recipes::ConvertPreferencesConfig config;
  std::string input;
  VerbOptions options;

  int run() {
    if (options.resolve()) return kDone;
    VerbOptions::require(!input.empty(), "IN");
    VerbOptions::require(!config.to.empty(), "--to");
    const data::ImportReport report = recipes::convert_preferences(input, config);
    const bool rejected = report.rows_rejected > 0;
    data::log_table("[convert]", report.table(), rejected);
    return rejected ? kSomeRejected : kDone;
  }
};

/// IN [OUT]: weights from one layout into another.
template <typename Config, void (*convert)(const std::string&, const std::string&, const Config&)>
struct ConvertWeightsVerb {
  explicit ConvertWeightsVerb(CLI::App& app) : options(app) {}
  CommonOptions common;
  Config config;
  std::string input, output;
  VerbOptions options;

  int run() {
    if (options.resolve()) return kDone;
    VerbOptions::require(!input.empty(), "IN");
    VerbOptions::require(!config.to.empty(), "--to");
    if (!output.empty() && !config.output.empty()) throw UsageError(concat("OUT: also given by --output: ", output, " and ", config.output));
    if (!output.empty()) config.output = output;
    VerbOptions::require(!config.output.empty(), "OUT");
    convert(input, common.dtype, config);
    return kDone;
  }
};
using ConvertSdVerb = ConvertWeightsVerb<recipes::ConvertSdConfig, recipes::convert_sd>;
using ConvertLoraVerb = ConvertWeightsVerb<recipes::ConvertLoraConfig, recipes::convert_lora>;

void register_preferences(CLI::App& convert, int& exit_code) {
  CLI::App* command =
      convert.add_subcommand("preferences", "ranked lists and pairs: own, TRL, LLaMA-Factory");
  auto verb = std::make_shared<ConvertPreferencesVerb>(*command);
  command->add_option("IN", verb->input,
                      "ranked lists, pairs, TRL or LLaMA-Factory preferences, JSON(L); .gz, .zst; "
                      "- = standard input");
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {});
  command->callback([verb, &exit_code] { exit_code = verb->run(); });
}

template <typename Verb>
void register_weights(CLI::App& convert, int& exit_code, const char* name, const char* help, const char* input) {
  CLI::App* command = convert.add_subcommand(name, help);
  auto verb = std::make_shared<Verb>(*command);
  command->add_option("IN", verb->input, input);
  command->add_option("OUT", verb->output, "the same as --output");
  verb->options.add(verb->config);
  verb->options.add_common(verb->common, {.dtypes = {"float32", "float16", "bfloat16"}});
  command->callback([verb, &exit_code] { exit_code = verb->run(); });
}

}  // namespace

void register_convert(CLI::App& app, int& exit_code) {
  CLI::App* convert = app.add_subcommand("convert", "files of one form into another");
  convert->require_subcommand(1);
  register_preferences(*convert, exit_code);
  register_weights<ConvertSdVerb>(*convert, exit_code, "sd", "Stable Diffusion: diffusers directory, single file",
                                  "a diffusers directory, or a single file (.safetensors) with LDM names");
  register_weights<ConvertLoraVerb>(*convert, exit_code, "lora", "adapters: kohya, diffusers, PEFT",
                                    "a LoRA (.safetensors) of kohya or diffusers, or a directory of PEFT");
}

}  // namespace vitrine::apps
