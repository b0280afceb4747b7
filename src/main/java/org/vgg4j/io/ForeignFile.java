package org.vgg4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Files that people take for safetensors files, recognized by what they hold, and what to do about
 * each. None is ever read: a pickle, for one, can run any program.
 */
final class ForeignFile {
  /** Enough of a file's start, and of its end, where a zip archive lists what is in it. */
  private static final int SEEN_BYTES = 1 << 16;

  private static final Pattern PLACES = Pattern.compile("\\b(IN|OUT|DIR)\\b");

  /**
   * A kind.
   *
   * @param start matches the first bytes, each taken as one character
   * @param within what must also be found near the file's start or end; empty for nothing
   * @param name with its article
   * @param advice what to do; IN, OUT and DIR stand for the file, the safetensors file to make of
   *     it and the file's folder
   */
  private record Kind(Pattern start, Pattern within, String name, String advice) {
    static Kind of(String start, String within, String name, String advice) {
      Pattern pattern = Pattern.compile(start, Pattern.DOTALL | Pattern.CASE_INSENSITIVE);
      return new Kind(pattern, Pattern.compile(within, Pattern.DOTALL), name, advice);
    }
  }

  private static final String ZIP = "PK\3\4";
  private static final String PICKLE = "\u0080[\2-\5]";

  private static final String FROM_TORCH =
      python(
          "import sys, torch; from safetensors.torch import save_file; s = torch.load(sys.argv[1],"
              + " map_location='cpu', weights_only=True); s = s.get('state_dict', s);"
              + " save_file({k: v.clone() for k, v in s.items()}, sys.argv[2])");
  private static final String FROM_SCRIPT =
      python(
          "import sys, torch; from safetensors.torch import save_file;"
              + " s = torch.jit.load(sys.argv[1], map_location='cpu').state_dict();"
              + " save_file({k: v.clone() for k, v in s.items()}, sys.argv[2])");
  private static final String FROM_NUMPY =
      python(
          "import sys, numpy; from safetensors.numpy import save_file;"
              + " save_file(dict(numpy.load(sys.argv[1])), sys.argv[2])");
  private static final String FROM_HDF5 =
      python(
              "import sys, h5py, numpy; from safetensors.numpy import save_file; d = {};"
                  + " h5py.File(sys.argv[1]).visititems(lambda n, o: d.update({n:"
                  + " numpy.asarray(o[()])}) if isinstance(o, h5py.Dataset) else None);"
                  + " save_file(d, sys.argv[2])")
          + " (Keras has other names and orders of axes; the file needs torchvision's)";
  private static final String FROM_ONNX =
      python(
          "import sys, onnx; from safetensors.numpy import save_file;"
              + " save_file({t.name: onnx.numpy_helper.to_array(t)"
              + " for t in onnx.load(sys.argv[1]).graph.initializer}, sys.argv[2])");
  private static final String FROM_SHARDS =
      "join them: cd DIR && "
          + command(
              "import sys, json; from safetensors.torch import load_file, save_file;"
                  + " m = json.load(open(sys.argv[1]))['weight_map']; save_file({k: v for f in"
                  + " sorted(set(m.values())) for k, v in load_file(f).items()}, sys.argv[2])");
  private static final String FROM_TORCH_SHARDS =
      "join them: cd DIR && "
          + command(
              "import sys, json, torch; from safetensors.torch import save_file; m ="
                  + " json.load(open(sys.argv[1]))['weight_map']; save_file({k: v.clone() for f in"
                  + " sorted(set(m.values())) for k, v in torch.load(f, map_location='cpu',"
                  + " weights_only=True).items()}, sys.argv[2])");
  private static final String UNPACK = "unpack it first";
  private static final String EXPORT = "export the net's state_dict as safetensors instead";

  /** The first that fits counts. */
  private static final List<Kind> KINDS =
      List.of(
          Kind.of(ZIP, "/constants.pkl", "a TorchScript file", FROM_SCRIPT),
          Kind.of(ZIP, "/data.pkl", "a PyTorch file, a zip archive with a pickle", FROM_TORCH),
          Kind.of(ZIP, ".npy", "NumPy's .npz archive", FROM_NUMPY),
          Kind.of(ZIP, "model.weights.h5", "a Keras archive with model.weights.h5", UNPACK),
          Kind.of(ZIP, "", "a zip archive", UNPACK),
          Kind.of(
              PICKLE + "\u008a\nl\u00fc\u009cF\u00f9 j\u00a8P\u0019",
              "",
              "a PyTorch file of the old kind, a pickle",
              FROM_TORCH),
          Kind.of(
              PICKLE,
              "",
              "a Python pickle, which can run any program when it is opened",
              "if you trust its origin, load it in Python and write it with safetensors'"
                  + " save_file"),
          Kind.of("\u0089HDF\r\n", "", "an HDF5 file, as Keras writes them (.h5)", FROM_HDF5),
          Kind.of("\10[\1-\100][\22\32\"(2:B]", "", "an ONNX model", FROM_ONNX),
          Kind.of("\u0093NUMPY", "", "one NumPy array (.npy)", EXPORT),
          Kind.of(
              "version https://git-lfs",
              "",
              "a Git LFS pointer, not the model",
              "get it: git -C DIR lfs pull"),
          Kind.of(
              "\\s*(<!--.*?-->\\s*)*<(!doctype html|html|head)",
              "",
              "a web page, not the model",
              "download the file that the page shows (Hugging Face has it under /resolve/ instead"
                  + " of /blob/)"),
          Kind.of(
              "\\s*\\{",
              "\"weight_map\".*\\.bin\"",
              "the index of a model in several PyTorch files",
              FROM_TORCH_SHARDS),
          Kind.of(
              "\\s*\\{", "\"weight_map\"", "the index of a model in several files", FROM_SHARDS),
          Kind.of("\\s*[{\\[]\\s*[\"{\\]}]", "", "a JSON file, not the weights", EXPORT),
          Kind.of("GGUF", "", "a GGUF file", EXPORT),
          Kind.of("....TFL3", "", "a TensorFlow Lite model", EXPORT),
          Kind.of("MATLAB 5", "", "a MATLAB file", EXPORT),
          Kind.of(
              "\u001f\u008b|\u00fd7zXZ|\\(\u00b5/\u00fd|BZh|7z\u00bc\u00af|.{257}ustar",
              "",
              "an archive",
              UNPACK));

  private ForeignFile() {}

  private static String python(String program) {
    return "convert it: " + command(program);
  }

  private static String command(String program) {
    return "python3 -c \"" + program + "\" IN OUT";
  }

  /**
   * Refuses a file of a known kind.
   *
   * @throws InvalidInputException when it is of one; else nothing happens
   */
  static void refuse(Path path, FileHandle file) throws IOException {
    String start = seen(file, 0);
    String end = seen(file, Math.max(0, file.size() - SEEN_BYTES));
    for (Kind kind : KINDS) {
      if (kind.start.matcher(start).lookingAt()
          && (kind.within.matcher(start).find() || kind.within.matcher(end).find())) {
        throw new InvalidInputException(
            path + ": is " + kind.name + ", not a safetensors file; " + advice(kind, path));
      }
    }
  }

  private static String seen(FileHandle file, long from) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(SEEN_BYTES, file.size() - from));
    file.readFully(bytes, from);
    return new String(bytes.array(), StandardCharsets.ISO_8859_1);
  }

  private static String advice(Kind kind, Path path) {
    boolean inFolder = kind.advice.contains("cd DIR");
    Path folder = path.toAbsolutePath().getParent();
    String in = inFolder ? path.getFileName().toString() : path.toString();
    String out = in.replaceFirst("(?<=[^/.])(\\.safetensors)?(\\.index)?\\.[^./]*$", "");
    return PLACES
        .matcher(kind.advice)
        .replaceAll(
            place ->
                Matcher.quoteReplacement(
                    quoted(
                        switch (place.group()) {
                          case "IN" -> in;
                          case "OUT" -> out + ".safetensors";
                          default -> String.valueOf(folder);
                        })));
  }

  /** Quotes a name for a shell. */
  private static String quoted(String name) {
    return name.matches("[\\w./+:@%-]+") ? name : "'" + name.replace("'", "'\\''") + "'";
  }
}
