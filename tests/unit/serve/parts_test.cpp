// Requests, problems, passwords, limits, metrics, times, the page.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/compressed.h"
#include "serve/access_log.h"
#include "serve/metrics.h"
#include "serve/page.h"
#include "serve/passwords.h"
#include "serve/problem.h"
#include "serve/rate_limit.h"
#include "serve/request_head.h"
#include "serve/serve_config.h"
#include "serve/waiting_room.h"
#include "serve/wire.h"
#include "store/refused.h"
#include "support/temporary_directory.h"
#include "base/file.h"

namespace vitrine::serve {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

store::UtcMillis at(int64_t s) { return store::UtcMillis(seconds(s)); }

TEST(HttpRequestTest, DecodesAddresses) {
  EXPECT_EQ(percent_decoded("a%2Fb%E8%A3%99"), "a/b裙");
  for (const char* broken : {"%", "%4", "%zz", "%00", "%ff", "%E8%A3"}) EXPECT_FALSE(percent_decoded(broken)) << broken;
  const auto query = parse_query("q=%E8%A3%99+a&limit=5&flag&q=b");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->at("q"), "b");
  EXPECT_EQ(query->at("limit"), "5");
  EXPECT_EQ(query->at("flag"), "");
  EXPECT_FALSE(parse_query("q=%ff"));
}

TEST(WaitingRoomTest, OneTooManyMakesTheOldestGo) {
  int ends[3][2];
  for (auto& pair : ends) ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  const auto is_over = [](int socket) {
    char byte;
    return ::recv(socket, &byte, 1, MSG_DONTWAIT) == 0;
  };
  WaitingRoom room(2);
  const auto now = WaitingRoom::Clock::now();
  {
    const WaitingRoom::Stay young(room, ends[0][0], now), old(room, ends[1][0], now - seconds(5)), newest(room, ends[2][0], now + seconds(1));
    EXPECT_EQ(room.waiting(), 2);
    EXPECT_TRUE(is_over(ends[1][1]));
    EXPECT_FALSE(is_over(ends[0][1]));
    EXPECT_FALSE(is_over(ends[2][1]));
  }
  EXPECT_EQ(room.waiting(), 0);
  EXPECT_EQ(room.dropped(), 1);
  for (const auto& pair : ends) ::close(pair[0]), ::close(pair[1]);
}

TEST(HttpRequestTest, FindsCookiesAndTypes) {
  HttpRequest request;
  request.headers = {{"cookie", "a=1; vitrine_session=abc ;b=2"}, {"content-type", "Application/JSON; charset=utf-8"}};
  EXPECT_EQ(request.cookie("vitrine_session"), "abc");
  EXPECT_EQ(request.cookie("session"), "");
  EXPECT_EQ(request.content_type(), "application/json");
}

TEST(ProblemTest, SpeaksTheLanguageOfTheRequest) {
  HttpRequest request;
  request.path = "/api/v1/jobs";
  request.id = "req-1";
  const Refusal refusal("unknown_field", "", {{"/x", "is not described"}});
  EXPECT_EQ(dump_line(problem_json(refusal, request)),
            R"({"type":"/problems/unknown_field","title":"请求里有不认识的字段","status":400,"instance":"/api/v1/jobs",)"
            R"("code":"unknown_field","request_id":"req-1","errors":[{"field":"/x","detail":"is not described"}]})");
  request.headers["accept-language"] = "en";
  EXPECT_EQ(problem_json(refusal, request)["title"], "The request has a field that is not described");
}

TEST(ProblemTest, SaysWhenToComeBack) {
  const HttpResponse response = problem_response(Refusal("over_quota", store::utc_now() + seconds(90)), {});
  EXPECT_EQ(response.status, 429);
  const auto header = std::find_if(response.headers.begin(), response.headers.end(), [](const auto& h) { return h.first == "Retry-After"; });
  ASSERT_NE(header, response.headers.end());
  EXPECT_NEAR(std::stoi(header->second), 90, 1);
}

TEST(ProblemTest, KeepsTheWordsOfOurFaultsToTheLog) {
  EXPECT_EQ(refusal_of(InternalError("secret path")).detail(), "");
  EXPECT_EQ(refusal_of(std::runtime_error("x")).kind().status, 500);
  EXPECT_EQ(refusal_of(Busy("locked")).kind().status, 503);
  EXPECT_EQ(refusal_of(IoError("disk")).kind().code, "storage_failed");
  EXPECT_EQ(refusal_of(InvalidInput("x")).kind().status, 422);
}

TEST(PasswordTest, KnowsItsOwnHashAlone) {
  const ScryptCost cheap{.log2_n = 4, .p = 1};
  const std::string hash = hash_password("正确的密码", cheap);
  EXPECT_TRUE(hash.starts_with("$scrypt$ln=4,r=8,p=1$")) << hash;
  EXPECT_TRUE(is_password_of("正确的密码", hash));
  EXPECT_FALSE(is_password_of("错误的密码", hash));
  EXPECT_NE(hash, hash_password("正确的密码", cheap)) << "no salt";
  for (const char* broken : {"", "x", "$scrypt$ln=99,r=8,p=1$AA==$AA==", "$scrypt$ln=4,r=8,p=1$AA==$AA=="}) {
    EXPECT_FALSE(is_password_of("", broken)) << broken;
  }
}

TEST(PasswordTest, NewOnesDiffer) {
  EXPECT_EQ(new_password().size(), 19u);
  EXPECT_NE(new_password(), new_password());
}

TEST(RateLimitTest, ClosesAfterTheLastAllowedEventUntilTheFirstIsOld) {
  RateLimit limit({.max_events = 2, .window = minutes(1)});
  limit.note("a", at(0));
  EXPECT_FALSE(limit.closed_until("a", at(1)));
  limit.note("a", at(10));
  EXPECT_EQ(limit.closed_until("a", at(11)), at(60));
  EXPECT_FALSE(limit.closed_until("b", at(11)));
  EXPECT_FALSE(limit.closed_until("a", at(61)));
  limit.note("a", at(61));
  EXPECT_EQ(limit.closed_until("a", at(62)), at(70));
  limit.forget("a");
  EXPECT_FALSE(limit.closed_until("a", at(62)));
}

TEST(RateLimitTest, ForgetsKeysThatAreOld) {
  RateLimit limit({.max_events = 2, .window = minutes(1)});
  for (int i = 0; i < 100; ++i) limit.note(std::to_string(i), at(1000));
  limit.note("a", at(1040));
  EXPECT_EQ(limit.size(), 101u) << "not all are looked at each time";
  limit.note("b", at(1090));
  EXPECT_EQ(limit.size(), 1u + 1u) << "those of a that is younger than a window, and b";
}

TEST(RequestHeadTest, WhatTwoReadersCouldDifferOnIsAFault) {
  const HeadLines host{{"host", "x"}};
  EXPECT_EQ(head_fault("HTTP/1.1", host), "");
  EXPECT_EQ(head_fault("HTTP/1.0", {}), "");
  EXPECT_NE(head_fault("HTTP/1.1", {}), "");
  const auto with = [&](HeadLines more) {
    more.insert(host.begin(), host.end());
    return head_fault("HTTP/1.1", more);
  };
  EXPECT_NE(with({{"host", "y"}}), "");
  EXPECT_EQ(with({{"content-length", "12"}}), "");
  EXPECT_EQ(with({{"transfer-encoding", "Chunked"}}), "");
  for (const char* length : {"", "-1", "+1", "1x", "0x10", "1 2", "1,1", "99999999999999999999"}) EXPECT_NE(with({{"content-length", length}}), "") << length;
  EXPECT_NE(with({{"content-length", "1"}, {"content-length", "1"}}), "");
  EXPECT_NE(with({{"content-length", "1"}, {"transfer-encoding", "chunked"}}), "");
  EXPECT_NE(with({{"transfer-encoding", "gzip, chunked"}}), "");
  EXPECT_NE(with({{"transfer-encoding", "chunked"}, {"transfer-encoding", "chunked"}}), "");
}

TEST(RequestHeadTest, LinesThatTwoReadersCouldTakeForOthersAreAFault) {
  const auto fault = [](std::string_view lines) {
    HeadForm form;
    form.take("GET / HTTP/1.1\r\n");
    for (const char c : lines) form.take({&c, 1});
    return std::string(form.fault());
  };
  EXPECT_EQ(fault("Host: x\r\nX-Empty:\r\nX-Tab:\ta\tb \r\nX-Text: \xe8\xa3\x99\r\n\r\nbody\n\0 "), "");
  constexpr std::string_view kFaults[] = {
      "Transfer-Encoding : chunked\r\n\r\n", "Host: a\r\n b\r\n\r\n", "Host: a\r\n\tb\r\n\r\n", " Host: a\r\n\r\n", "\tHost: a\r\n\r\n",
      "Host: a\r\nnonsense\r\n\r\n", "Host: a\n\r\n", "Host: a\r\n\n", "Host: a\rX: b\r\n\r\n", ": a\r\n\r\n", "Ho st: a\r\n\r\n",
      "Host: a\x01\r\n\r\n", "Host: a\x7f\r\n\r\n", std::string_view("Host: a\0b\r\n\r\n", 13), "Host: a\r\n\rX"};
  for (const auto& lines : kFaults) EXPECT_NE(fault(lines), "") << lines;
  HeadForm form;
  form.take("GET / HTTP/1.1\nHost: x\n\n");
  EXPECT_NE(form.fault(), "");
}

TEST(RequestHeadTest, TheClientIsWhoStandsBehindTrustedProxiesAlone) {
  EXPECT_EQ(client_address("192.0.2.1", "198.51.100.7", {}), "192.0.2.1") << "nobody is believed";
  EXPECT_EQ(client_address("192.0.2.1", "198.51.100.7", {"127.0.0.1"}), "192.0.2.1");
  EXPECT_EQ(client_address("::ffff:127.0.0.1", "198.51.100.7", {"127.0.0.1"}), "198.51.100.7");
  EXPECT_EQ(client_address("127.0.0.1", "10.0.0.1 , 198.51.100.7,2001:db8::1", {"127.0.0.1", "2001:db8::1"}), "198.51.100.7") << "what the client wrote itself stands before";
  EXPECT_EQ(client_address("127.0.0.1", "", {"127.0.0.1"}), "127.0.0.1");
  EXPECT_EQ(client_address("127.0.0.1", "unknown", {"127.0.0.1"}), "127.0.0.1");
}

TEST(ProblemTest, SaysNothingOfPlacesOfTheServer) {
  HttpRequest request;
  const auto detail_of = [&](const std::exception& error) { return problem_json(refusal_of(error), request).value("detail", ""); };
  EXPECT_EQ(detail_of(Busy("[sqlite] /srv/vitrine.db: database is locked")), "");
  EXPECT_EQ(detail_of(NotFound("[load] /srv/models/x: not there")), "");
  EXPECT_EQ(detail_of(store::Refused("[sqlite] /srv/vitrine.db: FOREIGN KEY constraint failed")), "");
  EXPECT_EQ(detail_of(Refusal("model_missing", "/srv/models/x")), "");
  EXPECT_EQ(detail_of(Refusal("impossible", "told")), "told");
}

TEST(ServeConfigTest, RefusesWhatCannotServe) {
  const auto fault = [](const ServeConfig& config) -> std::string {
    try {
      config.validate();
      return "";
    } catch (const InvalidInput& e) {
      return e.what();
    }
  };
  ServeConfig config;
  config.host = "999.1.1.1";
  EXPECT_NE(fault(config).find("--host: expected an address"), std::string::npos) << fault(config);
  ::setenv("VITRINE_ADMIN_PASSWORD", "short", 1);
  EXPECT_NE(fault({}).find("$VITRINE_ADMIN_PASSWORD: expected 10"), std::string::npos) << fault({});
  ::setenv("VITRINE_ADMIN_PASSWORD", "long-enough", 1);
  EXPECT_EQ(fault({}), "");
  ::unsetenv("VITRINE_ADMIN_PASSWORD");
  EXPECT_EQ(fault({}), "");
}

TEST(MetricsTest, CountsByOperationAndStatus) {
  RequestMetrics metrics;
  metrics.note("getJob", 200, 0.002);
  metrics.note("getJob", 200, 5);
  metrics.note("getJob", 404, 0.002);
  MetricText text;
  metrics.write(text);
  EXPECT_NE(text.text().find("vitrine_http_requests_total{operation=\"getJob\",status=\"200\"} 2\n"), std::string::npos);
  EXPECT_NE(text.text().find("vitrine_http_request_seconds_bucket{operation=\"getJob\",le=\"0.003\"} 2\n"), std::string::npos);
  EXPECT_NE(text.text().find("vitrine_http_request_seconds_count{operation=\"getJob\"} 3\n"), std::string::npos);
}

TEST(MetricsTest, NumbersKeepAllTheirDigits) {
  MetricText text;
  text.add("start", {}, 1796080234.125);
  text.add("count", {}, 12345678);
  text.add("small", {}, 0.1);
  EXPECT_EQ(text.text(), "start 1796080234.125\ncount 12345678\nsmall 0.1\n");
}

TEST(TimeTest, ReadsZonesAndFractions) {
  EXPECT_EQ(to_rfc3339(at(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(parse_rfc3339("1970-01-01T08:00:00+08:00"), at(0));
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:01.5Z"), at(1) + std::chrono::milliseconds(500));
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:30:00.123456-00:30"), at(0) + std::chrono::milliseconds(123));
  for (const char* broken : {"", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01T00:00:00.Z", "1970-13-01T00:00:00Z", "1970-01-01T00:00:00+8"}) {
    EXPECT_FALSE(parse_rfc3339(broken)) << broken;
  }
}

TEST(AccessLogTest, TurnsOverWhenItIsFull) {
  const test::TemporaryDirectory folder;
  const auto file = folder.path() / "access.jsonl";
  AccessLog log(file, 300);
  for (int i = 0; i < 5; ++i) log.write({.request_id = "req-" + std::to_string(i), .remote_address = "::1", .method = "GET", .path = "/", .operation = "page", .shop_id = {}, .user_id = {}, .status = 200, .ms = 1, .error = {}});
  EXPECT_TRUE(std::filesystem::exists(file.string() + ".1"));
  const Json line = parse_json(read_file(file).substr(0, read_file(file).find('\n')), "log");
  EXPECT_EQ(line["status"], 200);
  EXPECT_EQ(line["operation"], "page");
}

TEST(ServeConfigTest, FindsItsPlaces) {
  ServeConfig config;
  config.data = "/var/lib/vitrine";
  EXPECT_EQ(config.store_location(), "/var/lib/vitrine/vitrine.db");
  EXPECT_EQ(config.access_log_file(), "/var/lib/vitrine/access.jsonl");
  config.store = "mysql://u@h/d";
  EXPECT_THROW(config.validate(), InvalidInput);
  config.store = "postgresql://u@h/d";
  EXPECT_EQ(config.store_location(), "postgresql://u@h/d");
  config.trust_proxy = {"proxy.example"};
  EXPECT_THROW(config.validate(), InvalidInput);
  config.trust_proxy = {"127.0.0.1", "2001:db8::1"};
  EXPECT_NO_THROW(config.validate());
  config.max_streams = config.http_threads;
  EXPECT_THROW(config.validate(), InvalidInput);
}

std::string header_of(const HttpResponse& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

TEST(PageTest, IsServedPackedTaggedAndFencedIn) {
  HttpRequest request;
  request.method = "GET";
  request.path = "/";
  const HttpResponse plain = page_response(request);
  EXPECT_EQ(plain.status, 200);
  EXPECT_EQ(plain.content_type, "text/html; charset=utf-8");
  EXPECT_NE(header_of(plain, "Content-Security-Policy").find("default-src 'self'"), std::string::npos);
  EXPECT_EQ(header_of(plain, "Cache-Control"), "no-cache");
  request.path = "/openapi.yaml";
  const HttpResponse api = page_response(request);
  request.headers["accept-encoding"] = "gzip, br";
  const HttpResponse packed = page_response(request);
  EXPECT_EQ(header_of(packed, "Content-Encoding"), "gzip");
  EXPECT_EQ(decompress(packed.body, Compression::gzip, "page", 1 << 24), api.body);
  request.headers["if-none-match"] = header_of(packed, "ETag");
  EXPECT_EQ(page_response(request).status, 304);
  request.path = "/../etc/passwd";
  EXPECT_THROW(page_response(request), Refusal);
}

}  // namespace
}  // namespace vitrine::serve
