#include "src/terminal_events.h"

#include <array>
#include <condition_variable>

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include "src/terminal_lines.h"
#include "tests/support/golden.h"

namespace encamp {
namespace {

using namespace std::chrono_literals;
using Kind = Event::Kind;

// One run in which everything happens once.
std::vector<Event> sample_run() {
  return {
      {.kind = Kind::PlanMade, .count = 6},
      {.kind = Kind::ActionStarted, .address = "networks.lan", .verb = "create"},
      {.kind = Kind::ActionStarted, .address = "images.debian", .verb = "create"},
      {.kind = Kind::ActionProgress, .address = "images.debian", .text = "unpacking 120 packages"},
      {.kind = Kind::ActionDone, .address = "networks.lan", .verb = "create", .took = 204ms},
      {.kind = Kind::ActionRetried,
       .address = "images.debian",
       .text = "the mirror did not answer",
       .count = 2},
      {.kind = Kind::ActionDone, .address = "images.debian", .verb = "create", .took = 41'300ms},
      {.kind = Kind::ActionStarted, .address = "nodes.old", .verb = "remove"},
      {.kind = Kind::ActionDone, .address = "nodes.old", .verb = "remove", .took = 810ms},
      {.kind = Kind::ActionStarted, .address = "nodes.head", .verb = "replace"},
      {.kind = Kind::ActionFailed,
       .address = "nodes.head",
       .verb = "replace",
       .text = "no SSH banner from 10.1.0.2\n  while creating nodes.head",
       .detail = "[ ok ] Reached target\n\x1b[31mKernel panic\x1b[0m\n",
       .hint = "encamp logs hello head",
       .took = 30'100ms},
      {.kind = Kind::ActionSkipped,
       .address = "nodes.head.software.nginx",
       .verb = "create",
       .text = "needs nodes.head, which failed"},
      {.kind = Kind::TestPassed, .address = "tests.page", .verb = "test", .took = 55ms},
      {.kind = Kind::TestFailed,
       .address = "tests.name",
       .verb = "test",
       .text = "wanted output with 'hello', got 'bye'",
       .took = 60ms},
      {.kind = Kind::Note, .text = "stopping: what runs may end"},
  };
}

std::string all_lines(const LineStyle& style) {
  std::string out;
  for (const Event& event : sample_run())
    out += lines_for(event, style);
  return out;
}

TEST(PlainLines, SayWhatHappened) {
  test::expect_golden("events_plain.txt", all_lines({}));
}

TEST(PlainLines, DifferInColorOnly) {
  test::expect_golden("events_color.txt", all_lines({.color = true}));
}

TEST(JsonLines, AreStable) {
  std::string out;
  for (const Event& event : sample_run())
    out += json_line(event);
  test::expect_golden("events_json.txt", out);
}

TEST(JsonLines, SurviveBytesThatAreNoText) {
  EXPECT_EQ(json_line({.kind = Kind::Note, .text = "a\xff"}),
            "{\"event\":\"note\",\"text\":\"a\xef\xbf\xbd\"}\n");
}

TEST(JsonLines, AreReadAgain) {
  for (const Event& event : sample_run()) {
    const std::optional<Event> again = event_from_json(json_line(event));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->kind, event.kind);
    EXPECT_EQ(json_line(*again), json_line(event));
  }
  EXPECT_FALSE(event_from_json("{\"event\":\"note"));
  EXPECT_FALSE(event_from_json("{\"event\":7}"));
  EXPECT_FALSE(event_from_json("[]"));
}

TEST(ErrorLines, ShowContextDetailAndWhatToDoNext) {
  Error error(ErrorKind::NoRoom, "cannot start domain 'lab-web': no space left on device");
  error.with_detail("df: 100 %\n").with_hint("encamp doctor");
  error.add_context("while creating nodes.web");

  EXPECT_EQ(lines_for(error, {}),
            "error: cannot start domain 'lab-web': no space left on device\n"
            "  while creating nodes.web\n"
            "    | df: 100 %\n"
            "  next: encamp doctor\n");
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines)
    out += line + "\n";
  return out;
}

TEST(Progress, ShowsWhatRunsAndHowMuchIsLeft) {
  Progress progress(1000ms);
  std::string out;
  Progress::Time now = 1000ms;
  for (const Event& event : sample_run()) {
    progress.on(event, now);
    now += 7300ms;
    out += joined(progress.frame(60, 24, now)) + "--\n";
  }
  test::expect_golden("progress_frames.txt", out);
}

TEST(Progress, FitsSmallTerminals) {
  Progress progress(0ms);
  for (int i = 0; i < 20; ++i) {
    progress.on({.kind = Kind::ActionStarted,
                 .address = "nodes.worker-" + std::to_string(i) + ".software['file /etc/x']",
                 .verb = "create"},
                0ms);
  }

  for (const int width : {1, 5, 20, 79, 300}) {
    for (const int height : {0, 1, 2, 5, 50}) {
      const std::vector<std::string> frame = progress.frame(width, height, 1s);
      EXPECT_LE(static_cast<int>(frame.size()), height);
      for (const std::string& line : frame)
        EXPECT_LE(static_cast<int>(line.size()), width);
    }
  }
  EXPECT_NE(joined(progress.frame(79, 50, 1s)).find("(12 not shown)"), std::string::npos);
}

// A terminal of a few lines that understands what redraw() writes.
std::string screen_after(const std::string& bytes, int width) {
  std::vector<std::string> rows(1);
  std::size_t row = 0;
  std::size_t column = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '\r') {
      column = 0;
    } else if (bytes[i] == '\n') {
      ++row;
      column = 0;
    } else if (bytes[i] == '\x1b') {
      const std::size_t end = bytes.find_first_of("AKJ", i);
      if (bytes[end] == 'A')
        row -= static_cast<std::size_t>(std::stoi(bytes.substr(i + 2, end - i - 2)));
      if (bytes[end] == 'K')
        rows[row].resize(std::min(rows[row].size(), column));
      if (bytes[end] == 'J') {
        rows.resize(row + 1);
        rows[row].resize(std::min(rows[row].size(), column));
      }
      i = end;
      continue;
    } else {
      if (column == static_cast<std::size_t>(width)) {
        ++row;
        column = 0;
      }
      if (rows.size() <= row)
        rows.resize(row + 1);
      rows[row].resize(std::max(rows[row].size(), column + 1), ' ');
      rows[row][column++] = bytes[i];
    }
    if (rows.size() <= row)
      rows.resize(row + 1);
  }
  return joined(rows);
}

TEST(Redraw, PutsFinishedLinesAboveWhatRuns) {
  const std::string bytes = redraw({}, "", {"a runs", "b runs", "0 of 2"}, 20) +
                            redraw({"a runs", "b runs", "0 of 2"}, "+ a\n", {"b", "1 of 2"}, 20) +
                            redraw({"b", "1 of 2"}, "+ b\n", {}, 20);

  EXPECT_EQ(screen_after(bytes, 20), "+ a\n+ b\n\n");
}

TEST(Redraw, CountsRowsAfterTheTerminalGotNarrow) {
  const std::vector<std::string> wide = {"0123456789abcdef", "short"};

  // The terminal wrapped the first line into two rows of ten columns.
  const std::string bytes = "0123456789abcdef\nshort\n" + redraw(wide, "+ a\n", {}, 10);

  EXPECT_EQ(screen_after(bytes, 10), "+ a\n\n");
}

class RealClock : public Clock {
 public:
  Instant now() override { return std::chrono::steady_clock::now(); }
  WallTime wall_time() override { return {}; }
  void sleep(std::chrono::nanoseconds, std::stop_token) override {}
};

TEST(LiveDisplay, LeavesFinishedLinesOnTheTerminal) {
  int master = -1;
  int terminal = -1;
  winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(openpty(&master, &terminal, nullptr, nullptr, &size), 0);
  setenv("TERM", "xterm", 1);
  setenv("NO_COLOR", "1", 1);
  OutputStream output(terminal);
  ASSERT_TRUE(output.is_terminal());
  EXPECT_FALSE(output.has_color());
  EXPECT_EQ(output.width(), 80);
  RealClock clock;

  {
    const auto display = make_display(display_kind(output, false), output, clock);
    display->on({.kind = Kind::ActionStarted, .address = "networks.lan", .verb = "create"});
    display->on(
        {.kind = Kind::ActionDone, .address = "networks.lan", .verb = "create", .took = 204ms});
  }

  std::array<char, 4096> buffer{};
  const ssize_t count = ::read(master, buffer.data(), buffer.size());
  ASSERT_GT(count, 0);
  std::string bytes(buffer.data(), static_cast<std::size_t>(count));
  EXPECT_NE(screen_after(bytes, 80).find("+ networks.lan created (0.2 s)\n"), std::string::npos);
  EXPECT_EQ(screen_after(bytes, 80).find("running"), std::string::npos);
  ::close(master);
  ::close(terminal);
}

TEST(OutputStream, GoesOnWhenTheReaderIsGone) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  signal(SIGPIPE, SIG_IGN);
  OutputStream output(ends[1]);

  output.write("nobody reads this\n");
  output.write("nor this\n");

  EXPECT_FALSE(output.is_terminal());
  EXPECT_EQ(output.width(), 80);
  ::close(ends[1]);
}

}  // namespace
}  // namespace encamp
