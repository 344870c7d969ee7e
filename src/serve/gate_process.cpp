#include "serve/gate_process.h"

#include "base/file.h"
#include "serve/staged_process.h"

namespace vitrine::serve {
namespace {

constexpr int64_t kStages = 16;  // eight parts of the products, of each model

std::vector<std::string> command_of(const std::vector<std::string>& program, const GateOrder& order) {
  std::vector<std::string> command = program;
  for (const std::string& word : {std::string("evaluate"), std::string("gate"), order.products.string(), std::string("--model"), order.model,
                                  std::string("--against"), order.against, std::string("--output"), order.output.string()}) {
    command.push_back(word);
  }
  command.insert(command.end(), order.options.begin(), order.options.end());
  return command;
}

}  // namespace

Json run_gate(const std::vector<std::string>& program, const GateOrder& order, RunningJob& job, std::chrono::milliseconds patience) {
  run_staged({.name = "evaluate gate", .command = command_of(program, order), .output = order.output, .num_stages = kStages, .failure_code = "gate_failed"}, job, patience);
  return read_json_file(order.output / "gate.json");
}

}  // namespace vitrine::serve
