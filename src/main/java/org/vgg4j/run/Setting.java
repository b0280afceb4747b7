package org.vgg4j.run;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vgg4j.tensor.InvalidInputException;

/**
 * One option of a run, declared once in {@link Settings}: from that come its flag and help, its
 * place in {@code config.json}, and whether a resumed run may change it.
 *
 * @param <S> what it is read from
 * @param <T> its type
 * @param key its key in {@code config.json} and its name in the API
 * @param form how its values are written
 * @param reader gives its value; null for the net's, which {@code VggConfig.toMap} writes
 * @param flag how it is said on the command line, null when it is not said by itself
 * @param absent what a configuration without the key means, from before the key was there; null for
 *     nothing
 * @param change when it may change
 * @param changedBy others that may change it too
 */
public record Setting<S, T>(
    String key,
    Form<T> form,
    Function<S, T> reader,
    Flag flag,
    T absent,
    Change change,
    List<Setting<?, ?>> changedBy) {

  /** When a resumed run may have another value, if that is asked for. */
  public enum Change {
    /** At any time. */
    ALWAYS,
    /** Where an epoch ends: a place within one depends on it. */
    BETWEEN_EPOCHS,
    /** Not once there is a checkpoint, whose tensors were made for it. */
    NEVER
  }

  /**
   * A flag of the command line.
   *
   * @param name such as --lr
   * @param label what stands for the value in the help, null for a yes or no
   * @param help what it does, one sentence without its full stop
   * @param otherwise the default in words, null when the recipes say it or there is none
   */
  public record Flag(String name, String label, String help, String otherwise) {}

  /**
   * How values are written; in JSON they stand as they are.
   *
   * @param <T> their type
   * @param what a text must be
   * @param parser reads a text; throws IllegalArgumentException where it cannot
   */
  record Form<T>(String what, Function<String, T> parser) {
    static final Form<Object> ANY = new Form<>("a value", text -> text);
    static final Form<String> TEXT = new Form<>("a text", text -> text);
    static final Form<Boolean> TRUTH = new Form<>("true or false", Boolean::valueOf);
    static final Form<Integer> COUNT = new Form<>("a whole number below 2^31", Integer::valueOf);
    static final Form<Long> LONG = new Form<>("a whole number", Long::valueOf);
    static final Form<Double> REAL = new Form<>("a number", Double::valueOf);
    static final Form<Long> BYTES = new Form<>("a size such as 512M or 1G", Form::bytes);

    /** A limit as it was asked for; see {@link MemorySettings}. */
    static final Form<String> LIMIT = new Form<>("auto or a size such as 4G", Form::limit);

    /** A number of pixels, 0 for as many as there are. */
    static final Form<Integer> SIDE =
        new Form<>(
            "a whole number of pixels or full",
            text -> text.equals("full") ? Integer.valueOf(0) : Integer.valueOf(text));

    private static final Pattern SIZE =
        Pattern.compile("(\\d{1,9}(?=[KMG])|\\d{1,18}(?![KMG]))([KMG]?)B?");

    private static String limit(String text) {
      return text.equals(MemorySettings.AUTO) ? text : Long.toString(bytes(text));
    }

    private static long bytes(String text) {
      Matcher parts = SIZE.matcher(text.strip().toUpperCase(Locale.ROOT));
      if (!parts.matches()) {
        throw new IllegalArgumentException(text);
      }
      return Long.parseLong(parts.group(1)) << (10 * " KMG".indexOf(parts.group(2)));
    }
  }

  static <S, T> Setting<S, T> of(String key, Form<T> form, Function<S, T> reader) {
    return new Setting<>(key, form, reader, null, null, Change.ALWAYS, List.of());
  }

  /** Takes a flag with its label, such as --epochs N; without a label it is a yes or no. */
  Setting<S, T> flag(String text, String help) {
    return flag(text, help, null);
  }

  Setting<S, T> flag(String text, String help, String otherwise) {
    String[] parts = text.split(" ");
    Flag said = new Flag(parts[0], parts.length > 1 ? parts[1] : null, help, otherwise);
    return new Setting<>(key, form, reader, said, absent, change, changedBy);
  }

  /** Takes what a configuration without the key means. */
  Setting<S, T> orElse(T value) {
    return new Setting<>(key, form, reader, flag, value, change, changedBy);
  }

  Setting<S, T> changedBy(Setting<?, ?>... others) {
    return new Setting<>(key, form, reader, flag, absent, change, List.of(others));
  }

  Setting<S, T> in(List<Setting<S, ?>> list, Change when) {
    Setting<S, T> last = new Setting<>(key, form, reader, flag, absent, when, changedBy);
    list.add(last);
    return last;
  }

  /** Returns the flag that says it, of another setting where it has none; else the key. */
  public String flagName() {
    return flag != null ? flag.name() : changedBy.isEmpty() ? key : changedBy.get(0).flagName();
  }

  /**
   * Reads a value.
   *
   * @throws InvalidInputException when it is none of this kind
   */
  public T parse(String text) {
    try {
      return form.parser.apply(text);
    } catch (IllegalArgumentException e) {
      throw InvalidInputException.of(key, "must be " + form.what + ", not " + text, e);
    }
  }

  /** Returns the value in a flat configuration, null when there is none. */
  public T find(Map<String, ?> config) {
    Object value = config.get(key);
    return value == null ? null : parse(value.toString());
  }

  /** Returns what a flat configuration means, be it by not having the key. */
  T meaning(Map<String, ?> config) {
    T value = find(config);
    return value == null ? absent : value;
  }

  T require(Map<String, ?> config) {
    T value = meaning(config);
    if (value == null) {
      throw new InvalidInputException("the configuration has no '" + key + "'");
    }
    return value;
  }

  void write(S source, Map<String, Object> config) {
    config.put(key, reader.apply(source));
  }
}
