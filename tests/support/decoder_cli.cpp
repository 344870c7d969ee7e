// Greedy continuations of token ids, for tools that compare the decoder with others:
//   decoder_cli MODEL_DIR [DTYPE] [THREADS]
// reads lines of {"input_ids":[…],"max_new_tokens":n}, writes lines of {"tokens":[…]}.
#include <iostream>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "generation/decoder.h"

namespace vitrine {
namespace {

std::vector<generation::Request> read_requests(std::istream& in) {
  std::vector<generation::Request> requests;
  for (std::string line; std::getline(in, line);) {
    const Json json = parse_json(line, concat("line ", requests.size() + 1));
    generation::Request& request = requests.emplace_back();
    request.prompt = json.at("input_ids").get<std::vector<int32_t>>();
    request.keys = {RandomKey(0)};
    request.sampling.temperature = 0;
    request.sampling.max_new_tokens = json.at("max_new_tokens").get<int>();
  }
  return requests;
}

int run(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::cerr << "usage: decoder_cli MODEL_DIR [DTYPE] [THREADS]\n";
    return 2;
  }
  generation::DecoderConfig config;
  if (argc > 2) config.dtype = argv[2];
  if (argc > 3) config.threads = std::stoi(argv[3]);
  auto decoder = generation::Decoder::load(argv[1], config);
  const auto results = decoder.generate(read_requests(std::cin));
  for (const auto& sequences : results)
    std::cout << dump_line({{"tokens", sequences[0].tokens}}) << "\n";
  return 0;
}

}  // namespace
}  // namespace vitrine

int main(int argc, char** argv) {
  try {
    return vitrine::run(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << "decoder_cli: " << e.what() << "\n";
    return 1;
  }
}
