#!/usr/bin/python3
"""Writes the generated inputs of the real-program benchmarks: inputs.py FOLDER [--scale F].

Deterministic: the same bytes for the same scale, on any machine (an own generator, no hash order, no clock). Scale 1 gives
15 MB of JSON and an SQL script of 15,000 rows; smaller scales are for the smoke test.
"""
import argparse
import os


class Random:
    """A 64-bit LCG, so that the inputs do not depend on the Python version."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & (2**64 - 1)
        return (self.state >> 33) % n


WORDS = ("alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa "
         "quebec romeo sierra tango uniform victor whiskey xray yankee zulu").split()


def words(r, n):
    return " ".join(WORDS[r.below(len(WORDS))] for _ in range(n))


def write_json(path, scale):
    """An array of records: strings, numbers, nested objects and arrays."""
    r, size, n = Random(1), int(15_000_000 * scale), 0
    with open(path, "w", encoding="ascii") as f:
        f.write("[")
        written = 1
        while written < size:
            tags = ",".join(f'"{WORDS[r.below(26)]}"' for _ in range(r.below(6)))
            points = ",".join(f"[{r.below(100)},{r.below(100)}]" for _ in range(r.below(6)))
            text = (f'{{"id":{n},"name":"{words(r, 1)}","score":{r.below(10**4) / 100},'
                    f'"active":{"true" if r.below(2) else "false"},"tags":[{tags}],"points":[{points}],'
                    f'"address":{{"street":"{words(r, 2)}","zip":{r.below(90000) + 10000},"geo":{{"lat":{r.below(180) - 90},'
                    f'"lon":{r.below(360) - 180}}}}}}}')
            written += f.write((",\n" if n else "\n") + text)
            n += 1
        f.write("\n]\n")


def write_sql(path, scale):
    """Tables with indexes in memory: inserts one by one, then joins, sorting, updates and deletes."""
    r, rows = Random(2), max(100, int(15_000 * scale))
    with open(path, "w", encoding="ascii") as f:
        f.write("CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT, city TEXT, age INTEGER);\n"
                "CREATE TABLE purchase(person INTEGER, item TEXT, price REAL);\n"
                "CREATE INDEX person_city ON person(city);\nCREATE INDEX purchase_person ON purchase(person);\nBEGIN;\n")
        for i in range(rows):
            f.write(f"INSERT INTO person VALUES({i},'{words(r, 2)}','{WORDS[r.below(26)]}{r.below(50)}',{r.below(90)});\n"
                    f"INSERT INTO purchase VALUES({r.below(rows)},'{words(r, 3)}',{r.below(10000) / 100});\n")
        f.write("COMMIT;\n")
        for word in WORDS[:12]:
            f.write(f"SELECT p.city, count(*), sum(b.price) FROM person p JOIN purchase b ON b.person=p.id "
                    f"WHERE p.name LIKE '{word}%' GROUP BY p.city ORDER BY 3 DESC LIMIT 20;\n")
        for age in range(0, 90, 6):
            f.write(f"SELECT count(*), avg(length(p.name)), max(b.price) FROM person p JOIN purchase b ON b.person=p.id "
                    f"WHERE p.age BETWEEN {age} AND {age + 40} AND b.item LIKE '%a%o%';\n")
        f.write("UPDATE person SET name=upper(name)||'-'||city WHERE age<45;\n"
                "SELECT name, group_concat(item, '; ') FROM person JOIN purchase ON person.id=purchase.person "
                "GROUP BY name ORDER BY name LIMIT 500;\nDELETE FROM person WHERE age>60;\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    write_json(os.path.join(args.folder, "records.json"), args.scale)
    write_sql(os.path.join(args.folder, "script.sql"), args.scale)


if __name__ == "__main__":
    main()
