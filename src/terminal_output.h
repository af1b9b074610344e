// Where the program writes: a terminal, a file or a pipe that may go away at any time.
//
// Nothing here ever fails: when the reader is gone (closed terminal, `| head`), what is written is
// dropped, because an `up` must go on without a reader.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

namespace encamp {

/// Threads: any, at the same time; each write() comes out in one piece.
class OutputStream {
 public:
  /// `descriptor` stays the caller's. Colour is used on terminals unless NO_COLOR is set.
  explicit OutputStream(int descriptor);

  bool is_terminal() const { return terminal_; }
  bool has_color() const { return color_; }
  /// Columns of the terminal at this moment; 80 elsewhere.
  int width() const;
  /// Rows of the terminal at this moment; 24 elsewhere.
  int height() const;

  void write(std::string_view text);

 private:
  int descriptor_;
  bool terminal_;
  bool color_;
  std::mutex mutex_;
  bool gone_ = false;  ///< Guarded by mutex_.
};

}  // namespace encamp
