// Rows a second of importing large CSV and JSONL files on one core, beside reading the bytes alone and
// beside a bare parser of the format.
//
//   bench_import [ROWS] [FOLDER]     default 20000 rows of about 1 KB, the temporary folder
// Times are processor time of this process, so that other work on the machine counts little. One JSON
// object a line: kind, rows, mib, and for each of read, parse, import its seconds and rows_per_s.
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "base/byte_reader.h"
#include "base/json.h"
#include "data/delimited.h"
#include "data/product_reader.h"

namespace {

using namespace vitrine;
namespace fs = std::filesystem;

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

long peak_rss_mib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

const std::string kDescription = [] {
  std::string text;
  while (text.size() < 620) text += "这款连衣裙采用棉质面料，简约的版型搭配红色，日常穿着舒适，";
  return text;
}();

std::string csv_row(int64_t row) {
  return "g" + std::to_string(row) + ",\"简约连衣裙, " + std::to_string(row) + "\",女装>裙,99.50,12000,材质:棉;颜色:红;风格:简约;版型:宽松,http://img.example/" + std::to_string(row) +
         ".jpg," + kDescription + ",备注" + std::to_string(row) + ",,\n";
}

std::string json_row(int64_t row) {
  return "{\"id\":\"g" + std::to_string(row) + "\",\"标题\":\"简约连衣裙, " + std::to_string(row) + "\",\"类目\":\"女装>裙\",\"价格\":99.5,\"销量\":12000,\"属性\":\"材质:棉;颜色:红;风格:简约;版型:宽松\",\"主图\":\"http://img.example/" +
         std::to_string(row) + ".jpg\",\"描述\":\"" + kDescription + "\",\"备注\":\"备注" + std::to_string(row) + "\"}\n";
}

template <typename Work>
Json timed(int64_t rows, const Work& work) {
  const double begin = processor_seconds();
  work();
  const double seconds = processor_seconds() - begin;
  return {{"seconds", seconds}, {"rows_per_s", static_cast<double>(rows) / seconds}};
}

void read_plainly(const fs::path& file) {
  const auto reader = open_bytes(file);
  std::vector<char> chunk(1 << 18);
  uint64_t sum = 0;
  while (const size_t size = reader->read(chunk)) sum += size;
  if (sum == 0) std::abort();
}

void parse_alone(const fs::path& file, bool is_csv) {
  const auto reader = open_bytes(file);
  data::TextWindow window(*reader);
  int64_t rows = 0;
  if (is_csv) {
    data::DelimitedReader cells(window, ',');
    data::DelimitedRow row;
    while (cells.next(row)) ++rows;
  } else {
    data::LineReader lines(window, data::kMaxRowBytes);
    std::string_view line;
    while (lines.next(line)) rows += Json::parse(line).is_object();
  }
  if (rows == 0) std::abort();
}

void import(const fs::path& file) {
  data::ProductReader reader(file);
  while (reader.next()) {
  }
}

void measure(bool is_csv, int64_t rows, const fs::path& folder) {
  const fs::path file = folder / (is_csv ? "vitrine_bench.csv" : "vitrine_bench.jsonl");
  {
    std::ofstream out(file, std::ios::binary);
    if (is_csv) out << "商品ID,标题,类目,价格,销量,商品属性,主图,描述,备注,空列,\n";
    for (int64_t row = 0; row < rows; ++row) out << (is_csv ? csv_row(row) : json_row(row));
  }
  Json line = {{"kind", is_csv ? "csv" : "jsonl"}, {"rows", rows}, {"mib", fs::file_size(file) >> 20}};
  line["read"] = timed(rows, [&] { read_plainly(file); });
  line["parse"] = timed(rows, [&] { parse_alone(file, is_csv); });
  line["import"] = timed(rows, [&] { import(file); });
  const auto share = [&](const char* of) { return line[of]["seconds"].get<double>() / line["import"]["seconds"].get<double>(); };
  line["share_of_read"] = share("read");
  line["share_of_parser"] = share("parse");
  line["peak_rss_mib"] = peak_rss_mib();
  std::cout << dump_line(line) << std::endl;
  fs::remove(file);
}

}  // namespace

int main(int argc, char** argv) {
  const int64_t rows = argc > 1 ? std::stoll(argv[1]) : 20000;
  const fs::path folder = argc > 2 ? fs::path(argv[2]) : fs::temp_directory_path();
  measure(/*is_csv=*/true, rows, folder);
  measure(/*is_csv=*/false, rows, folder);
}
