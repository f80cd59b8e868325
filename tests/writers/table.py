"""What each program wrote of the rows of `programs`, as `python -m tests.writers --write` prints it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Written:
    """A program, how it was called, its version, and the file."""

    writer: str
    version: str
    data: bytes


TABLE: tuple[Written, ...] = (
    Written(
        "pandas to_csv",
        "3.1.1",
        b"i,n,d,b,m,s,c\n"
        b"1,name,d,b,m,s,c\n"
        b'2,"5"" pipe",d,b,m,s,c\n'
        b'3,"""Bio"" milk",d,b,m,s,c\n'
        b'4,"""Eco milk",d,b,m,s,c\n'
        b'5,"""Bio""",d,b,m,s,c\n'
        b'6,"a, b",d,b,m,s,c\n'
        b"7,a\tb,d,b,m,s,c\n"
        b'8,"{""k""=>""v, w""}",d,b,m,s,c\n'
        b'9,"a\n'
        b'b",d,b,m,s,c\n'
        b"10,a\r"
        b"b,d,b,m,s,c\n"
        b"11,C:\\dir,d,b,m,s,c\n"
        b"12,C:\\,d,b,m,s,c\n"
        b"13,a\\\\b,d,b,m,s,c\n"
        b'14,"a\\""b",d,b,m,s,c\n'
        b"15,C:\\new,d,b,m,s,c\n"
        b"16,,d,b,m,s,c\n"
        b"17,,d,b,m,s,c\n"
        b"18, x ,d,b,m,s,c\n",
    ),
    Written(
        "pandas to_csv, escapechar",
        "3.1.1",
        b"i,n,d,b,m,s,c\n"
        b"1,name,d,b,m,s,c\n"
        b'2,5\\" pipe,d,b,m,s,c\n'
        b'3,\\"Bio\\" milk,d,b,m,s,c\n'
        b'4,\\"Eco milk,d,b,m,s,c\n'
        b'5,\\"Bio\\",d,b,m,s,c\n'
        b'6,"a, b",d,b,m,s,c\n'
        b"7,a\tb,d,b,m,s,c\n"
        b'8,"{\\"k\\"=>\\"v, w\\"}",d,b,m,s,c\n'
        b'9,"a\n'
        b'b",d,b,m,s,c\n'
        b"10,a\r"
        b"b,d,b,m,s,c\n"
        b"11,C:\\\\dir,d,b,m,s,c\n"
        b"12,C:\\\\,d,b,m,s,c\n"
        b"13,a\\\\\\\\b,d,b,m,s,c\n"
        b'14,a\\\\\\"b,d,b,m,s,c\n'
        b"15,C:\\\\new,d,b,m,s,c\n"
        b"16,,d,b,m,s,c\n"
        b"17,,d,b,m,s,c\n"
        b"18, x ,d,b,m,s,c\n",
    ),
    Written(
        "pandas to_csv, QUOTE_ALL",
        "3.1.1",
        b'"i","n","d","b","m","s","c"\n'
        b'"1","name","d","b","m","s","c"\n'
        b'"2","5"" pipe","d","b","m","s","c"\n'
        b'"3","""Bio"" milk","d","b","m","s","c"\n'
        b'"4","""Eco milk","d","b","m","s","c"\n'
        b'"5","""Bio""","d","b","m","s","c"\n'
        b'"6","a, b","d","b","m","s","c"\n'
        b'"7","a\tb","d","b","m","s","c"\n'
        b'"8","{""k""=>""v, w""}","d","b","m","s","c"\n'
        b'"9","a\n'
        b'b","d","b","m","s","c"\n'
        b'"10","a\r'
        b'b","d","b","m","s","c"\n'
        b'"11","C:\\dir","d","b","m","s","c"\n'
        b'"12","C:\\","d","b","m","s","c"\n'
        b'"13","a\\\\b","d","b","m","s","c"\n'
        b'"14","a\\""b","d","b","m","s","c"\n'
        b'"15","C:\\new","d","b","m","s","c"\n'
        b'"16","","d","b","m","s","c"\n'
        b'"17","","d","b","m","s","c"\n'
        b'"18"," x ","d","b","m","s","c"\n',
    ),
    Written(
        "pandas to_csv, QUOTE_ALL, escapechar",
        "3.1.1",
        b'"i","n","d","b","m","s","c"\n'
        b'"1","name","d","b","m","s","c"\n'
        b'"2","5\\" pipe","d","b","m","s","c"\n'
        b'"3","\\"Bio\\" milk","d","b","m","s","c"\n'
        b'"4","\\"Eco milk","d","b","m","s","c"\n'
        b'"5","\\"Bio\\"","d","b","m","s","c"\n'
        b'"6","a, b","d","b","m","s","c"\n'
        b'"7","a\tb","d","b","m","s","c"\n'
        b'"8","{\\"k\\"=>\\"v, w\\"}","d","b","m","s","c"\n'
        b'"9","a\n'
        b'b","d","b","m","s","c"\n'
        b'"10","a\r'
        b'b","d","b","m","s","c"\n'
        b'"11","C:\\\\dir","d","b","m","s","c"\n'
        b'"12","C:\\\\","d","b","m","s","c"\n'
        b'"13","a\\\\\\\\b","d","b","m","s","c"\n'
        b'"14","a\\\\\\"b","d","b","m","s","c"\n'
        b'"15","C:\\\\new","d","b","m","s","c"\n'
        b'"16","","d","b","m","s","c"\n'
        b'"17","","d","b","m","s","c"\n'
        b'"18"," x ","d","b","m","s","c"\n',
    ),
    Written(
        "pandas to_csv, QUOTE_NONE, escapechar",
        "3.1.1",
        b"i,n,d,b,m,s,c\n"
        b"1,name,d,b,m,s,c\n"
        b'2,5" pipe,d,b,m,s,c\n'
        b'3,"Bio" milk,d,b,m,s,c\n'
        b'4,"Eco milk,d,b,m,s,c\n'
        b'5,"Bio",d,b,m,s,c\n'
        b"6,a\\, b,d,b,m,s,c\n"
        b"7,a\tb,d,b,m,s,c\n"
        b'8,{"k"=>"v\\, w"},d,b,m,s,c\n'
        b"9,a\\\n"
        b"b,d,b,m,s,c\n"
        b"10,a\r"
        b"b,d,b,m,s,c\n"
        b"11,C:\\\\dir,d,b,m,s,c\n"
        b"12,C:\\\\,d,b,m,s,c\n"
        b"13,a\\\\\\\\b,d,b,m,s,c\n"
        b'14,a\\\\"b,d,b,m,s,c\n'
        b"15,C:\\\\new,d,b,m,s,c\n"
        b"16,,d,b,m,s,c\n"
        b"17,,d,b,m,s,c\n"
        b"18, x ,d,b,m,s,c\n",
    ),
    Written(
        "pandas to_csv, tabs",
        "3.1.1",
        b"i\tn\td\tb\tm\ts\tc\n"
        b"1\tname\td\tb\tm\ts\tc\n"
        b'2\t"5"" pipe"\td\tb\tm\ts\tc\n'
        b'3\t"""Bio"" milk"\td\tb\tm\ts\tc\n'
        b'4\t"""Eco milk"\td\tb\tm\ts\tc\n'
        b'5\t"""Bio"""\td\tb\tm\ts\tc\n'
        b"6\ta, b\td\tb\tm\ts\tc\n"
        b'7\t"a\tb"\td\tb\tm\ts\tc\n'
        b'8\t"{""k""=>""v, w""}"\td\tb\tm\ts\tc\n'
        b'9\t"a\n'
        b'b"\td\tb\tm\ts\tc\n'
        b"10\ta\r"
        b"b\td\tb\tm\ts\tc\n"
        b"11\tC:\\dir\td\tb\tm\ts\tc\n"
        b"12\tC:\\\td\tb\tm\ts\tc\n"
        b"13\ta\\\\b\td\tb\tm\ts\tc\n"
        b'14\t"a\\""b"\td\tb\tm\ts\tc\n'
        b"15\tC:\\new\td\tb\tm\ts\tc\n"
        b"16\t\td\tb\tm\ts\tc\n"
        b"17\t\td\tb\tm\ts\tc\n"
        b"18\t x \td\tb\tm\ts\tc\n",
    ),
    Written(
        "Python csv, excel-tab",
        "3.11.7",
        b"i\tn\td\tb\tm\ts\tc\n"
        b"1\tname\td\tb\tm\ts\tc\n"
        b'2\t"5"" pipe"\td\tb\tm\ts\tc\n'
        b'3\t"""Bio"" milk"\td\tb\tm\ts\tc\n'
        b'4\t"""Eco milk"\td\tb\tm\ts\tc\n'
        b'5\t"""Bio"""\td\tb\tm\ts\tc\n'
        b"6\ta, b\td\tb\tm\ts\tc\n"
        b'7\t"a\tb"\td\tb\tm\ts\tc\n'
        b'8\t"{""k""=>""v, w""}"\td\tb\tm\ts\tc\n'
        b'9\t"a\n'
        b'b"\td\tb\tm\ts\tc\n'
        b"10\ta\r"
        b"b\td\tb\tm\ts\tc\n"
        b"11\tC:\\dir\td\tb\tm\ts\tc\n"
        b"12\tC:\\\td\tb\tm\ts\tc\n"
        b"13\ta\\\\b\td\tb\tm\ts\tc\n"
        b'14\t"a\\""b"\td\tb\tm\ts\tc\n'
        b"15\tC:\\new\td\tb\tm\ts\tc\n"
        b"16\t\td\tb\tm\ts\tc\n"
        b"17\t\td\tb\tm\ts\tc\n"
        b"18\t x \td\tb\tm\ts\tc\n",
    ),
    Written(
        "Python csv, unix",
        "3.11.7",
        b'"i","n","d","b","m","s","c"\n'
        b'"1","name","d","b","m","s","c"\n'
        b'"2","5"" pipe","d","b","m","s","c"\n'
        b'"3","""Bio"" milk","d","b","m","s","c"\n'
        b'"4","""Eco milk","d","b","m","s","c"\n'
        b'"5","""Bio""","d","b","m","s","c"\n'
        b'"6","a, b","d","b","m","s","c"\n'
        b'"7","a\tb","d","b","m","s","c"\n'
        b'"8","{""k""=>""v, w""}","d","b","m","s","c"\n'
        b'"9","a\n'
        b'b","d","b","m","s","c"\n'
        b'"10","a\r'
        b'b","d","b","m","s","c"\n'
        b'"11","C:\\dir","d","b","m","s","c"\n'
        b'"12","C:\\","d","b","m","s","c"\n'
        b'"13","a\\\\b","d","b","m","s","c"\n'
        b'"14","a\\""b","d","b","m","s","c"\n'
        b'"15","C:\\new","d","b","m","s","c"\n'
        b'"16","","d","b","m","s","c"\n'
        b'"17","","d","b","m","s","c"\n'
        b'"18"," x ","d","b","m","s","c"\n',
    ),
    Written(
        "polars write_csv",
        "2.1.0",
        b"i,n,d,b,m,s,c\n"
        b"1,name,d,b,m,s,c\n"
        b'2,"5"" pipe",d,b,m,s,c\n'
        b'3,"""Bio"" milk",d,b,m,s,c\n'
        b'4,"""Eco milk",d,b,m,s,c\n'
        b'5,"""Bio""",d,b,m,s,c\n'
        b'6,"a, b",d,b,m,s,c\n'
        b"7,a\tb,d,b,m,s,c\n"
        b'8,"{""k""=>""v, w""}",d,b,m,s,c\n'
        b'9,"a\n'
        b'b",d,b,m,s,c\n'
        b'10,"a\r'
        b'b",d,b,m,s,c\n'
        b"11,C:\\dir,d,b,m,s,c\n"
        b"12,C:\\,d,b,m,s,c\n"
        b"13,a\\\\b,d,b,m,s,c\n"
        b'14,"a\\""b",d,b,m,s,c\n'
        b"15,C:\\new,d,b,m,s,c\n"
        b"16,,d,b,m,s,c\n"
        b'17,"",d,b,m,s,c\n'
        b"18, x ,d,b,m,s,c\n",
    ),
    Written(
        "polars write_csv, quote_style never",
        "2.1.0",
        b"i\tn\td\tb\tm\ts\tc\n"
        b"1\tname\td\tb\tm\ts\tc\n"
        b'2\t5" pipe\td\tb\tm\ts\tc\n'
        b'3\t"Bio" milk\td\tb\tm\ts\tc\n'
        b'4\t"Eco milk\td\tb\tm\ts\tc\n'
        b'5\t"Bio"\td\tb\tm\ts\tc\n'
        b"6\ta, b\td\tb\tm\ts\tc\n"
        b"7\ta\tb\td\tb\tm\ts\tc\n"
        b'8\t{"k"=>"v, w"}\td\tb\tm\ts\tc\n'
        b"9\ta\n"
        b"b\td\tb\tm\ts\tc\n"
        b"10\ta\r"
        b"b\td\tb\tm\ts\tc\n"
        b"11\tC:\\dir\td\tb\tm\ts\tc\n"
        b"12\tC:\\\td\tb\tm\ts\tc\n"
        b"13\ta\\\\b\td\tb\tm\ts\tc\n"
        b'14\ta\\"b\td\tb\tm\ts\tc\n'
        b"15\tC:\\new\td\tb\tm\ts\tc\n"
        b"16\t\td\tb\tm\ts\tc\n"
        b"17\t\td\tb\tm\ts\tc\n"
        b"18\t x \td\tb\tm\ts\tc\n",
    ),
    Written(
        "pyarrow write_csv",
        "26.0.1",
        b'"i","n","d","b","m","s","c"\n'
        b'"1","name","d","b","m","s","c"\n'
        b'"2","5"" pipe","d","b","m","s","c"\n'
        b'"3","""Bio"" milk","d","b","m","s","c"\n'
        b'"4","""Eco milk","d","b","m","s","c"\n'
        b'"5","""Bio""","d","b","m","s","c"\n'
        b'"6","a, b","d","b","m","s","c"\n'
        b'"7","a\tb","d","b","m","s","c"\n'
        b'"8","{""k""=>""v, w""}","d","b","m","s","c"\n'
        b'"9","a\n'
        b'b","d","b","m","s","c"\n'
        b'"10","a\r'
        b'b","d","b","m","s","c"\n'
        b'"11","C:\\dir","d","b","m","s","c"\n'
        b'"12","C:\\","d","b","m","s","c"\n'
        b'"13","a\\\\b","d","b","m","s","c"\n'
        b'"14","a\\""b","d","b","m","s","c"\n'
        b'"15","C:\\new","d","b","m","s","c"\n'
        b'"16",,"d","b","m","s","c"\n'
        b'"17","","d","b","m","s","c"\n'
        b'"18"," x ","d","b","m","s","c"\n',
    ),
    Written(
        "DuckDB COPY",
        "2.0.1",
        b"i,n,d,b,m,s,c\n"
        b"1,name,d,b,m,s,c\n"
        b'2,"5"" pipe",d,b,m,s,c\n'
        b'3,"""Bio"" milk",d,b,m,s,c\n'
        b'4,"""Eco milk",d,b,m,s,c\n'
        b'5,"""Bio""",d,b,m,s,c\n'
        b'6,"a, b",d,b,m,s,c\n'
        b"7,a\tb,d,b,m,s,c\n"
        b'8,"{""k""=>""v, w""}",d,b,m,s,c\n'
        b'9,"a\n'
        b'b",d,b,m,s,c\n'
        b'10,"a\r'
        b'b",d,b,m,s,c\n'
        b"11,C:\\dir,d,b,m,s,c\n"
        b"12,C:\\,d,b,m,s,c\n"
        b"13,a\\\\b,d,b,m,s,c\n"
        b'14,"a\\""b",d,b,m,s,c\n'
        b"15,C:\\new,d,b,m,s,c\n"
        b"16,,d,b,m,s,c\n"
        b'17,"",d,b,m,s,c\n'
        b"18, x ,d,b,m,s,c\n",
    ),
    Written(
        "DuckDB COPY, ESCAPE",
        "2.0.1",
        b"i,n,d,b,m,s,c\n"
        b"1,name,d,b,m,s,c\n"
        b'2,"5\\" pipe",d,b,m,s,c\n'
        b'3,"\\"Bio\\" milk",d,b,m,s,c\n'
        b'4,"\\"Eco milk",d,b,m,s,c\n'
        b'5,"\\"Bio\\"",d,b,m,s,c\n'
        b'6,"a, b",d,b,m,s,c\n'
        b"7,a\tb,d,b,m,s,c\n"
        b'8,"{\\"k\\"=>\\"v, w\\"}",d,b,m,s,c\n'
        b'9,"a\n'
        b'b",d,b,m,s,c\n'
        b'10,"a\r'
        b'b",d,b,m,s,c\n'
        b"11,C:\\dir,d,b,m,s,c\n"
        b"12,C:\\,d,b,m,s,c\n"
        b"13,a\\\\b,d,b,m,s,c\n"
        b'14,"a\\\\\\"b",d,b,m,s,c\n'
        b"15,C:\\new,d,b,m,s,c\n"
        b"16,,d,b,m,s,c\n"
        b'17,"",d,b,m,s,c\n'
        b"18, x ,d,b,m,s,c\n",
    ),
    Written(
        "DuckDB COPY, tabs",
        "2.0.1",
        b"i\tn\td\tb\tm\ts\tc\n"
        b"1\tname\td\tb\tm\ts\tc\n"
        b'2\t"5"" pipe"\td\tb\tm\ts\tc\n'
        b'3\t"""Bio"" milk"\td\tb\tm\ts\tc\n'
        b'4\t"""Eco milk"\td\tb\tm\ts\tc\n'
        b'5\t"""Bio"""\td\tb\tm\ts\tc\n'
        b"6\ta, b\td\tb\tm\ts\tc\n"
        b'7\t"a\tb"\td\tb\tm\ts\tc\n'
        b'8\t"{""k""=>""v, w""}"\td\tb\tm\ts\tc\n'
        b'9\t"a\n'
        b'b"\td\tb\tm\ts\tc\n'
        b'10\t"a\r'
        b'b"\td\tb\tm\ts\tc\n'
        b"11\tC:\\dir\td\tb\tm\ts\tc\n"
        b"12\tC:\\\td\tb\tm\ts\tc\n"
        b"13\ta\\\\b\td\tb\tm\ts\tc\n"
        b'14\t"a\\""b"\td\tb\tm\ts\tc\n'
        b"15\tC:\\new\td\tb\tm\ts\tc\n"
        b"16\t\td\tb\tm\ts\tc\n"
        b'17\t""\td\tb\tm\ts\tc\n'
        b"18\t x \td\tb\tm\ts\tc\n",
    ),
    Written(
        "PySpark write.csv",
        "4.3.0",
        b"i,n,d,b,m,s,c\n"
        b"1,name,d,b,m,s,c\n"
        b'2,"5\\" pipe",d,b,m,s,c\n'
        b'3,"\\"Bio\\" milk",d,b,m,s,c\n'
        b'4,"\\"Eco milk",d,b,m,s,c\n'
        b'5,"\\"Bio\\"",d,b,m,s,c\n'
        b'6,"a, b",d,b,m,s,c\n'
        b"7,a\tb,d,b,m,s,c\n"
        b'8,"{\\"k\\"=>\\"v, w\\"}",d,b,m,s,c\n'
        b'9,"a\n'
        b'b",d,b,m,s,c\n'
        b'10,"a\r'
        b'b",d,b,m,s,c\n'
        b"11,C:\\dir,d,b,m,s,c\n"
        b"12,C:\\,d,b,m,s,c\n"
        b"13,a\\\\b,d,b,m,s,c\n"
        b'14,"a\\\\\\"b",d,b,m,s,c\n'
        b"15,C:\\new,d,b,m,s,c\n"
        b"16,,d,b,m,s,c\n"
        b'17,"",d,b,m,s,c\n'
        b"18,x,d,b,m,s,c\n",
    ),
    Written(
        "PySpark write.csv, escape",
        "4.3.0",
        b"i,n,d,b,m,s,c\n"
        b"1,name,d,b,m,s,c\n"
        b'2,"5"" pipe",d,b,m,s,c\n'
        b'3,"""Bio"" milk",d,b,m,s,c\n'
        b'4,"""Eco milk",d,b,m,s,c\n'
        b'5,"""Bio""",d,b,m,s,c\n'
        b'6,"a, b",d,b,m,s,c\n'
        b"7,a\tb,d,b,m,s,c\n"
        b'8,"{""k""=>""v, w""}",d,b,m,s,c\n'
        b'9,"a\n'
        b'b",d,b,m,s,c\n'
        b'10,"a\r'
        b'b",d,b,m,s,c\n'
        b"11,C:\\dir,d,b,m,s,c\n"
        b"12,C:\\,d,b,m,s,c\n"
        b"13,a\\\\b,d,b,m,s,c\n"
        b'14,"a\\""b",d,b,m,s,c\n'
        b"15,C:\\new,d,b,m,s,c\n"
        b"16,,d,b,m,s,c\n"
        b'17,"",d,b,m,s,c\n'
        b"18,x,d,b,m,s,c\n",
    ),
    Written(
        "PySpark write.csv, tabs",
        "4.3.0",
        b"i\tn\td\tb\tm\ts\tc\n"
        b"1\tname\td\tb\tm\ts\tc\n"
        b'2\t"5\\" pipe"\td\tb\tm\ts\tc\n'
        b'3\t"\\"Bio\\" milk"\td\tb\tm\ts\tc\n'
        b'4\t"\\"Eco milk"\td\tb\tm\ts\tc\n'
        b'5\t"\\"Bio\\""\td\tb\tm\ts\tc\n'
        b"6\ta, b\td\tb\tm\ts\tc\n"
        b'7\t"a\tb"\td\tb\tm\ts\tc\n'
        b'8\t"{\\"k\\"=>\\"v, w\\"}"\td\tb\tm\ts\tc\n'
        b'9\t"a\n'
        b'b"\td\tb\tm\ts\tc\n'
        b'10\t"a\r'
        b'b"\td\tb\tm\ts\tc\n'
        b"11\tC:\\dir\td\tb\tm\ts\tc\n"
        b"12\tC:\\\td\tb\tm\ts\tc\n"
        b"13\ta\\\\b\td\tb\tm\ts\tc\n"
        b'14\t"a\\\\\\"b"\td\tb\tm\ts\tc\n'
        b"15\tC:\\new\td\tb\tm\ts\tc\n"
        b"16\t\td\tb\tm\ts\tc\n"
        b'17\t""\td\tb\tm\ts\tc\n'
        b"18\tx\td\tb\tm\ts\tc\n",
    ),
    Written(
        "PySpark write.csv, quoteAll",
        "4.3.0",
        b'"i","n","d","b","m","s","c"\n'
        b'"1","name","d","b","m","s","c"\n'
        b'"2","5\\" pipe","d","b","m","s","c"\n'
        b'"3","\\"Bio\\" milk","d","b","m","s","c"\n'
        b'"4","\\"Eco milk","d","b","m","s","c"\n'
        b'"5","\\"Bio\\"","d","b","m","s","c"\n'
        b'"6","a, b","d","b","m","s","c"\n'
        b'"7","a\tb","d","b","m","s","c"\n'
        b'"8","{\\"k\\"=>\\"v, w\\"}","d","b","m","s","c"\n'
        b'"9","a\n'
        b'b","d","b","m","s","c"\n'
        b'"10","a\r'
        b'b","d","b","m","s","c"\n'
        b'"11","C:\\\\dir","d","b","m","s","c"\n'
        b'"12","C:\\\\","d","b","m","s","c"\n'
        b'"13","a\\\\\\\\b","d","b","m","s","c"\n'
        b'"14","a\\\\\\"b","d","b","m","s","c"\n'
        b'"15","C:\\\\new","d","b","m","s","c"\n'
        b'"16","","d","b","m","s","c"\n'
        b'"17","","d","b","m","s","c"\n'
        b'"18","x","d","b","m","s","c"\n',
    ),
    Written(
        "PHP fputcsv",
        "8.2.36",
        b"i,n,d,b,m,s,c\n"
        b"1,name,d,b,m,s,c\n"
        b'2,"5"" pipe",d,b,m,s,c\n'
        b'3,"""Bio"" milk",d,b,m,s,c\n'
        b'4,"""Eco milk",d,b,m,s,c\n'
        b'5,"""Bio""",d,b,m,s,c\n'
        b'6,"a, b",d,b,m,s,c\n'
        b'7,"a\tb",d,b,m,s,c\n'
        b'8,"{""k""=>""v, w""}",d,b,m,s,c\n'
        b'9,"a\n'
        b'b",d,b,m,s,c\n'
        b'10,"a\r'
        b'b",d,b,m,s,c\n'
        b'11,"C:\\dir",d,b,m,s,c\n'
        b'12,"C:\\",d,b,m,s,c\n'
        b'13,"a\\\\b",d,b,m,s,c\n'
        b'14,"a\\"b",d,b,m,s,c\n'
        b'15,"C:\\new",d,b,m,s,c\n'
        b"16,,d,b,m,s,c\n"
        b"17,,d,b,m,s,c\n"
        b'18," x ",d,b,m,s,c\n',
    ),
    Written(
        "PHP fputcsv, no escape",
        "8.2.36",
        b"i,n,d,b,m,s,c\n"
        b"1,name,d,b,m,s,c\n"
        b'2,"5"" pipe",d,b,m,s,c\n'
        b'3,"""Bio"" milk",d,b,m,s,c\n'
        b'4,"""Eco milk",d,b,m,s,c\n'
        b'5,"""Bio""",d,b,m,s,c\n'
        b'6,"a, b",d,b,m,s,c\n'
        b'7,"a\tb",d,b,m,s,c\n'
        b'8,"{""k""=>""v, w""}",d,b,m,s,c\n'
        b'9,"a\n'
        b'b",d,b,m,s,c\n'
        b'10,"a\r'
        b'b",d,b,m,s,c\n'
        b"11,C:\\dir,d,b,m,s,c\n"
        b"12,C:\\,d,b,m,s,c\n"
        b"13,a\\\\b,d,b,m,s,c\n"
        b'14,"a\\""b",d,b,m,s,c\n'
        b"15,C:\\new,d,b,m,s,c\n"
        b"16,,d,b,m,s,c\n"
        b"17,,d,b,m,s,c\n"
        b'18," x ",d,b,m,s,c\n',
    ),
    Written(
        "R write.csv",
        "4.2.2",
        b'"i","n","d","b","m","s","c"\n'
        b'"1","name","d","b","m","s","c"\n'
        b'"2","5"" pipe","d","b","m","s","c"\n'
        b'"3","""Bio"" milk","d","b","m","s","c"\n'
        b'"4","""Eco milk","d","b","m","s","c"\n'
        b'"5","""Bio""","d","b","m","s","c"\n'
        b'"6","a, b","d","b","m","s","c"\n'
        b'"7","a\tb","d","b","m","s","c"\n'
        b'"8","{""k""=>""v, w""}","d","b","m","s","c"\n'
        b'"9","a\n'
        b'b","d","b","m","s","c"\n'
        b'"10","a\r'
        b'b","d","b","m","s","c"\n'
        b'"11","C:\\dir","d","b","m","s","c"\n'
        b'"12","C:\\","d","b","m","s","c"\n'
        b'"13","a\\\\b","d","b","m","s","c"\n'
        b'"14","a\\""b","d","b","m","s","c"\n'
        b'"15","C:\\new","d","b","m","s","c"\n'
        b'"16",NA,"d","b","m","s","c"\n'
        b'"17","","d","b","m","s","c"\n'
        b'"18"," x ","d","b","m","s","c"\n',
    ),
    Written(
        "R write.csv, row names",
        "4.2.2",
        b'"","i","n","d","b","m","s","c"\n'
        b'"1","1","name","d","b","m","s","c"\n'
        b'"2","2","5"" pipe","d","b","m","s","c"\n'
        b'"3","3","""Bio"" milk","d","b","m","s","c"\n'
        b'"4","4","""Eco milk","d","b","m","s","c"\n'
        b'"5","5","""Bio""","d","b","m","s","c"\n'
        b'"6","6","a, b","d","b","m","s","c"\n'
        b'"7","7","a\tb","d","b","m","s","c"\n'
        b'"8","8","{""k""=>""v, w""}","d","b","m","s","c"\n'
        b'"9","9","a\n'
        b'b","d","b","m","s","c"\n'
        b'"10","10","a\r'
        b'b","d","b","m","s","c"\n'
        b'"11","11","C:\\dir","d","b","m","s","c"\n'
        b'"12","12","C:\\","d","b","m","s","c"\n'
        b'"13","13","a\\\\b","d","b","m","s","c"\n'
        b'"14","14","a\\""b","d","b","m","s","c"\n'
        b'"15","15","C:\\new","d","b","m","s","c"\n'
        b'"16","16",NA,"d","b","m","s","c"\n'
        b'"17","17","","d","b","m","s","c"\n'
        b'"18","18"," x ","d","b","m","s","c"\n',
    ),
    Written(
        "R write.table, sep",
        "4.2.2",
        b'"i","n","d","b","m","s","c"\n'
        b'"1","1","name","d","b","m","s","c"\n'
        b'"2","2","5\\" pipe","d","b","m","s","c"\n'
        b'"3","3","\\"Bio\\" milk","d","b","m","s","c"\n'
        b'"4","4","\\"Eco milk","d","b","m","s","c"\n'
        b'"5","5","\\"Bio\\"","d","b","m","s","c"\n'
        b'"6","6","a, b","d","b","m","s","c"\n'
        b'"7","7","a\tb","d","b","m","s","c"\n'
        b'"8","8","{\\"k\\"=>\\"v, w\\"}","d","b","m","s","c"\n'
        b'"9","9","a\n'
        b'b","d","b","m","s","c"\n'
        b'"10","10","a\r'
        b'b","d","b","m","s","c"\n'
        b'"11","11","C:\\dir","d","b","m","s","c"\n'
        b'"12","12","C:\\","d","b","m","s","c"\n'
        b'"13","13","a\\\\b","d","b","m","s","c"\n'
        b'"14","14","a\\\\"b","d","b","m","s","c"\n'
        b'"15","15","C:\\new","d","b","m","s","c"\n'
        b'"16","16",NA,"d","b","m","s","c"\n'
        b'"17","17","","d","b","m","s","c"\n'
        b'"18","18"," x ","d","b","m","s","c"\n',
    ),
    Written(
        "R write.table, no quotes",
        "4.2.2",
        b"i\tn\td\tb\tm\ts\tc\n"
        b"1\tname\td\tb\tm\ts\tc\n"
        b'2\t5" pipe\td\tb\tm\ts\tc\n'
        b'3\t"Bio" milk\td\tb\tm\ts\tc\n'
        b'4\t"Eco milk\td\tb\tm\ts\tc\n'
        b'5\t"Bio"\td\tb\tm\ts\tc\n'
        b"6\ta, b\td\tb\tm\ts\tc\n"
        b"7\ta\tb\td\tb\tm\ts\tc\n"
        b'8\t{"k"=>"v, w"}\td\tb\tm\ts\tc\n'
        b"9\ta\n"
        b"b\td\tb\tm\ts\tc\n"
        b"10\ta\r"
        b"b\td\tb\tm\ts\tc\n"
        b"11\tC:\\dir\td\tb\tm\ts\tc\n"
        b"12\tC:\\\td\tb\tm\ts\tc\n"
        b"13\ta\\\\b\td\tb\tm\ts\tc\n"
        b'14\ta\\"b\td\tb\tm\ts\tc\n'
        b"15\tC:\\new\td\tb\tm\ts\tc\n"
        b"16\tNA\td\tb\tm\ts\tc\n"
        b"17\t\td\tb\tm\ts\tc\n"
        b"18\t x \td\tb\tm\ts\tc\n",
    ),
    Written(
        "Perl Text::CSV_XS",
        "1.49",
        b"i,n,d,b,m,s,c\n"
        b"1,name,d,b,m,s,c\n"
        b'2,"5"" pipe",d,b,m,s,c\n'
        b'3,"""Bio"" milk",d,b,m,s,c\n'
        b'4,"""Eco milk",d,b,m,s,c\n'
        b'5,"""Bio""",d,b,m,s,c\n'
        b'6,"a, b",d,b,m,s,c\n'
        b'7,"a\tb",d,b,m,s,c\n'
        b'8,"{""k""=>""v, w""}",d,b,m,s,c\n'
        b'9,"a\n'
        b'b",d,b,m,s,c\n'
        b'10,"a\r'
        b'b",d,b,m,s,c\n'
        b"11,C:\\dir,d,b,m,s,c\n"
        b"12,C:\\,d,b,m,s,c\n"
        b"13,a\\\\b,d,b,m,s,c\n"
        b'14,"a\\""b",d,b,m,s,c\n'
        b"15,C:\\new,d,b,m,s,c\n"
        b"16,,d,b,m,s,c\n"
        b"17,,d,b,m,s,c\n"
        b'18," x ",d,b,m,s,c\n',
    ),
    Written(
        "Perl Text::CSV_XS, escape_char",
        "1.49",
        b"i,n,d,b,m,s,c\n"
        b"1,name,d,b,m,s,c\n"
        b'2,"5\\" pipe",d,b,m,s,c\n'
        b'3,"\\"Bio\\" milk",d,b,m,s,c\n'
        b'4,"\\"Eco milk",d,b,m,s,c\n'
        b'5,"\\"Bio\\"",d,b,m,s,c\n'
        b'6,"a, b",d,b,m,s,c\n'
        b'7,"a\tb",d,b,m,s,c\n'
        b'8,"{\\"k\\"=>\\"v, w\\"}",d,b,m,s,c\n'
        b'9,"a\n'
        b'b",d,b,m,s,c\n'
        b'10,"a\r'
        b'b",d,b,m,s,c\n'
        b'11,"C:\\\\dir",d,b,m,s,c\n'
        b'12,"C:\\\\",d,b,m,s,c\n'
        b'13,"a\\\\\\\\b",d,b,m,s,c\n'
        b'14,"a\\\\\\"b",d,b,m,s,c\n'
        b'15,"C:\\\\new",d,b,m,s,c\n'
        b"16,,d,b,m,s,c\n"
        b"17,,d,b,m,s,c\n"
        b'18," x ",d,b,m,s,c\n',
    ),
    Written(
        "Ruby CSV",
        "3.2.2",
        b"i,n,d,b,m,s,c\n"
        b"1,name,d,b,m,s,c\n"
        b'2,"5"" pipe",d,b,m,s,c\n'
        b'3,"""Bio"" milk",d,b,m,s,c\n'
        b'4,"""Eco milk",d,b,m,s,c\n'
        b'5,"""Bio""",d,b,m,s,c\n'
        b'6,"a, b",d,b,m,s,c\n'
        b"7,a\tb,d,b,m,s,c\n"
        b'8,"{""k""=>""v, w""}",d,b,m,s,c\n'
        b'9,"a\n'
        b'b",d,b,m,s,c\n'
        b'10,"a\r'
        b'b",d,b,m,s,c\n'
        b"11,C:\\dir,d,b,m,s,c\n"
        b"12,C:\\,d,b,m,s,c\n"
        b"13,a\\\\b,d,b,m,s,c\n"
        b'14,"a\\""b",d,b,m,s,c\n'
        b"15,C:\\new,d,b,m,s,c\n"
        b"16,,d,b,m,s,c\n"
        b'17,"",d,b,m,s,c\n'
        b"18, x ,d,b,m,s,c\n",
    ),
    Written(
        "Ruby CSV, force_quotes",
        "3.2.2",
        b'"i","n","d","b","m","s","c"\n'
        b'"1","name","d","b","m","s","c"\n'
        b'"2","5"" pipe","d","b","m","s","c"\n'
        b'"3","""Bio"" milk","d","b","m","s","c"\n'
        b'"4","""Eco milk","d","b","m","s","c"\n'
        b'"5","""Bio""","d","b","m","s","c"\n'
        b'"6","a, b","d","b","m","s","c"\n'
        b'"7","a\tb","d","b","m","s","c"\n'
        b'"8","{""k""=>""v, w""}","d","b","m","s","c"\n'
        b'"9","a\n'
        b'b","d","b","m","s","c"\n'
        b'"10","a\r'
        b'b","d","b","m","s","c"\n'
        b'"11","C:\\dir","d","b","m","s","c"\n'
        b'"12","C:\\","d","b","m","s","c"\n'
        b'"13","a\\\\b","d","b","m","s","c"\n'
        b'"14","a\\""b","d","b","m","s","c"\n'
        b'"15","C:\\new","d","b","m","s","c"\n'
        b'"16","","d","b","m","s","c"\n'
        b'"17","","d","b","m","s","c"\n'
        b'"18"," x ","d","b","m","s","c"\n',
    ),
    Written(
        "sqlite3 .mode csv",
        "3.40.1",
        b"i,n,d,b,m,s,c\r\n"
        b"1,name,d,b,m,s,c\r\n"
        b'2,"5"" pipe",d,b,m,s,c\r\n'
        b'3,"""Bio"" milk",d,b,m,s,c\r\n'
        b'4,"""Eco milk",d,b,m,s,c\r\n'
        b'5,"""Bio""",d,b,m,s,c\r\n'
        b'6,"a, b",d,b,m,s,c\r\n'
        b'7,"a\tb",d,b,m,s,c\r\n'
        b'8,"{""k""=>""v, w""}",d,b,m,s,c\r\n'
        b'9,"a\n'
        b'b",d,b,m,s,c\r\n'
        b'10,"a\r'
        b'b",d,b,m,s,c\r\n'
        b"11,C:\\dir,d,b,m,s,c\r\n"
        b"12,C:\\,d,b,m,s,c\r\n"
        b"13,a\\\\b,d,b,m,s,c\r\n"
        b'14,"a\\""b",d,b,m,s,c\r\n'
        b"15,C:\\new,d,b,m,s,c\r\n"
        b"16,,d,b,m,s,c\r\n"
        b'17,"",d,b,m,s,c\r\n'
        b'18," x ",d,b,m,s,c\r\n',
    ),
    Written(
        "sqlite3 .mode tabs",
        "3.40.1",
        b"i\tn\td\tb\tm\ts\tc\n"
        b"1\tname\td\tb\tm\ts\tc\n"
        b'2\t5" pipe\td\tb\tm\ts\tc\n'
        b'3\t"Bio" milk\td\tb\tm\ts\tc\n'
        b'4\t"Eco milk\td\tb\tm\ts\tc\n'
        b'5\t"Bio"\td\tb\tm\ts\tc\n'
        b"6\ta, b\td\tb\tm\ts\tc\n"
        b"7\ta\tb\td\tb\tm\ts\tc\n"
        b'8\t{"k"=>"v, w"}\td\tb\tm\ts\tc\n'
        b"9\ta\n"
        b"b\td\tb\tm\ts\tc\n"
        b"10\ta\r"
        b"b\td\tb\tm\ts\tc\n"
        b"11\tC:\\dir\td\tb\tm\ts\tc\n"
        b"12\tC:\\\td\tb\tm\ts\tc\n"
        b"13\ta\\\\b\td\tb\tm\ts\tc\n"
        b'14\ta\\"b\td\tb\tm\ts\tc\n'
        b"15\tC:\\new\td\tb\tm\ts\tc\n"
        b"16\t\td\tb\tm\ts\tc\n"
        b"17\t\td\tb\tm\ts\tc\n"
        b"18\t x \td\tb\tm\ts\tc\n",
    ),
    Written(
        "jq @csv",
        "1.6",
        b'"i","n","d","b","m","s","c"\n'
        b'"1","name","d","b","m","s","c"\n'
        b'"2","5"" pipe","d","b","m","s","c"\n'
        b'"3","""Bio"" milk","d","b","m","s","c"\n'
        b'"4","""Eco milk","d","b","m","s","c"\n'
        b'"5","""Bio""","d","b","m","s","c"\n'
        b'"6","a, b","d","b","m","s","c"\n'
        b'"7","a\tb","d","b","m","s","c"\n'
        b'"8","{""k""=>""v, w""}","d","b","m","s","c"\n'
        b'"9","a\n'
        b'b","d","b","m","s","c"\n'
        b'"10","a\r'
        b'b","d","b","m","s","c"\n'
        b'"11","C:\\dir","d","b","m","s","c"\n'
        b'"12","C:\\","d","b","m","s","c"\n'
        b'"13","a\\\\b","d","b","m","s","c"\n'
        b'"14","a\\""b","d","b","m","s","c"\n'
        b'"15","C:\\new","d","b","m","s","c"\n'
        b'"16",,"d","b","m","s","c"\n'
        b'"17","","d","b","m","s","c"\n'
        b'"18"," x ","d","b","m","s","c"\n',
    ),
    Written(
        "jq @tsv",
        "1.6",
        b"i\tn\td\tb\tm\ts\tc\n"
        b"1\tname\td\tb\tm\ts\tc\n"
        b'2\t5" pipe\td\tb\tm\ts\tc\n'
        b'3\t"Bio" milk\td\tb\tm\ts\tc\n'
        b'4\t"Eco milk\td\tb\tm\ts\tc\n'
        b'5\t"Bio"\td\tb\tm\ts\tc\n'
        b"6\ta, b\td\tb\tm\ts\tc\n"
        b"7\ta\\tb\td\tb\tm\ts\tc\n"
        b'8\t{"k"=>"v, w"}\td\tb\tm\ts\tc\n'
        b"9\ta\\nb\td\tb\tm\ts\tc\n"
        b"10\ta\\rb\td\tb\tm\ts\tc\n"
        b"11\tC:\\\\dir\td\tb\tm\ts\tc\n"
        b"12\tC:\\\\\td\tb\tm\ts\tc\n"
        b"13\ta\\\\\\\\b\td\tb\tm\ts\tc\n"
        b'14\ta\\\\"b\td\tb\tm\ts\tc\n'
        b"15\tC:\\\\new\td\tb\tm\ts\tc\n"
        b"16\t\td\tb\tm\ts\tc\n"
        b"17\t\td\tb\tm\ts\tc\n"
        b"18\t x \td\tb\tm\ts\tc\n",
    ),
    Written(
        "PostgreSQL COPY CSV",
        "15.18",
        b"i,n,d,b,m,s,c\n"
        b"1,name,d,b,m,s,c\n"
        b'2,"5"" pipe",d,b,m,s,c\n'
        b'3,"""Bio"" milk",d,b,m,s,c\n'
        b'4,"""Eco milk",d,b,m,s,c\n'
        b'5,"""Bio""",d,b,m,s,c\n'
        b'6,"a, b",d,b,m,s,c\n'
        b"7,a\tb,d,b,m,s,c\n"
        b'8,"{""k""=>""v, w""}",d,b,m,s,c\n'
        b'9,"a\n'
        b'b",d,b,m,s,c\n'
        b'10,"a\r'
        b'b",d,b,m,s,c\n'
        b"11,C:\\dir,d,b,m,s,c\n"
        b"12,C:\\,d,b,m,s,c\n"
        b"13,a\\\\b,d,b,m,s,c\n"
        b'14,"a\\""b",d,b,m,s,c\n'
        b"15,C:\\new,d,b,m,s,c\n"
        b"16,,d,b,m,s,c\n"
        b'17,"",d,b,m,s,c\n'
        b"18, x ,d,b,m,s,c\n",
    ),
    Written(
        "PostgreSQL COPY CSV, ESCAPE",
        "15.18",
        b"i,n,d,b,m,s,c\n"
        b"1,name,d,b,m,s,c\n"
        b'2,"5\\" pipe",d,b,m,s,c\n'
        b'3,"\\"Bio\\" milk",d,b,m,s,c\n'
        b'4,"\\"Eco milk",d,b,m,s,c\n'
        b'5,"\\"Bio\\"",d,b,m,s,c\n'
        b'6,"a, b",d,b,m,s,c\n'
        b"7,a\tb,d,b,m,s,c\n"
        b'8,"{\\"k\\"=>\\"v, w\\"}",d,b,m,s,c\n'
        b'9,"a\n'
        b'b",d,b,m,s,c\n'
        b'10,"a\r'
        b'b",d,b,m,s,c\n'
        b"11,C:\\dir,d,b,m,s,c\n"
        b"12,C:\\,d,b,m,s,c\n"
        b"13,a\\\\b,d,b,m,s,c\n"
        b'14,"a\\\\\\"b",d,b,m,s,c\n'
        b"15,C:\\new,d,b,m,s,c\n"
        b"16,,d,b,m,s,c\n"
        b'17,"",d,b,m,s,c\n'
        b"18, x ,d,b,m,s,c\n",
    ),
    Written(
        "PostgreSQL COPY text",
        "15.18",
        b"i\tn\td\tb\tm\ts\tc\n"
        b"1\tname\td\tb\tm\ts\tc\n"
        b'2\t5" pipe\td\tb\tm\ts\tc\n'
        b'3\t"Bio" milk\td\tb\tm\ts\tc\n'
        b'4\t"Eco milk\td\tb\tm\ts\tc\n'
        b'5\t"Bio"\td\tb\tm\ts\tc\n'
        b"6\ta, b\td\tb\tm\ts\tc\n"
        b"7\ta\\tb\td\tb\tm\ts\tc\n"
        b'8\t{"k"=>"v, w"}\td\tb\tm\ts\tc\n'
        b"9\ta\\nb\td\tb\tm\ts\tc\n"
        b"10\ta\\rb\td\tb\tm\ts\tc\n"
        b"11\tC:\\\\dir\td\tb\tm\ts\tc\n"
        b"12\tC:\\\\\td\tb\tm\ts\tc\n"
        b"13\ta\\\\\\\\b\td\tb\tm\ts\tc\n"
        b'14\ta\\\\"b\td\tb\tm\ts\tc\n'
        b"15\tC:\\\\new\td\tb\tm\ts\tc\n"
        b"16\t\\N\td\tb\tm\ts\tc\n"
        b"17\t\td\tb\tm\ts\tc\n"
        b"18\t x \td\tb\tm\ts\tc\n",
    ),
    Written(
        "MariaDB OUTFILE",
        "10.11.19",
        b"i\tn\td\tb\tm\ts\tc\n"
        b"1\tname\td\tb\tm\ts\tc\n"
        b'2\t5" pipe\td\tb\tm\ts\tc\n'
        b'3\t"Bio" milk\td\tb\tm\ts\tc\n'
        b'4\t"Eco milk\td\tb\tm\ts\tc\n'
        b'5\t"Bio"\td\tb\tm\ts\tc\n'
        b"6\ta, b\td\tb\tm\ts\tc\n"
        b"7\ta\\\tb\td\tb\tm\ts\tc\n"
        b'8\t{"k"=>"v, w"}\td\tb\tm\ts\tc\n'
        b"9\ta\\\n"
        b"b\td\tb\tm\ts\tc\n"
        b"10\ta\r"
        b"b\td\tb\tm\ts\tc\n"
        b"11\tC:\\\\dir\td\tb\tm\ts\tc\n"
        b"12\tC:\\\\\td\tb\tm\ts\tc\n"
        b"13\ta\\\\\\\\b\td\tb\tm\ts\tc\n"
        b'14\ta\\\\"b\td\tb\tm\ts\tc\n'
        b"15\tC:\\\\new\td\tb\tm\ts\tc\n"
        b"16\t\\N\td\tb\tm\ts\tc\n"
        b"17\t\td\tb\tm\ts\tc\n"
        b"18\t x \td\tb\tm\ts\tc\n",
    ),
    Written(
        "MariaDB OUTFILE, OPTIONALLY ENCLOSED",
        "10.11.19",
        b"i,n,d,b,m,s,c\n"
        b'"1","name","d","b","m","s","c"\n'
        b'"2","5\\" pipe","d","b","m","s","c"\n'
        b'"3","\\"Bio\\" milk","d","b","m","s","c"\n'
        b'"4","\\"Eco milk","d","b","m","s","c"\n'
        b'"5","\\"Bio\\"","d","b","m","s","c"\n'
        b'"6","a, b","d","b","m","s","c"\n'
        b'"7","a\tb","d","b","m","s","c"\n'
        b'"8","{\\"k\\"=>\\"v, w\\"}","d","b","m","s","c"\n'
        b'"9","a\\\n'
        b'b","d","b","m","s","c"\n'
        b'"10","a\r'
        b'b","d","b","m","s","c"\n'
        b'"11","C:\\\\dir","d","b","m","s","c"\n'
        b'"12","C:\\\\","d","b","m","s","c"\n'
        b'"13","a\\\\\\\\b","d","b","m","s","c"\n'
        b'"14","a\\\\\\"b","d","b","m","s","c"\n'
        b'"15","C:\\\\new","d","b","m","s","c"\n'
        b'"16",\\N,"d","b","m","s","c"\n'
        b'"17","","d","b","m","s","c"\n'
        b'"18"," x ","d","b","m","s","c"\n',
    ),
    Written(
        "MariaDB OUTFILE, commas",
        "10.11.19",
        b"i,n,d,b,m,s,c\n"
        b"1,name,d,b,m,s,c\n"
        b'2,5" pipe,d,b,m,s,c\n'
        b'3,"Bio" milk,d,b,m,s,c\n'
        b'4,"Eco milk,d,b,m,s,c\n'
        b'5,"Bio",d,b,m,s,c\n'
        b"6,a\\, b,d,b,m,s,c\n"
        b"7,a\tb,d,b,m,s,c\n"
        b'8,{"k"=>"v\\, w"},d,b,m,s,c\n'
        b"9,a\\\n"
        b"b,d,b,m,s,c\n"
        b"10,a\r"
        b"b,d,b,m,s,c\n"
        b"11,C:\\\\dir,d,b,m,s,c\n"
        b"12,C:\\\\,d,b,m,s,c\n"
        b"13,a\\\\\\\\b,d,b,m,s,c\n"
        b'14,a\\\\"b,d,b,m,s,c\n'
        b"15,C:\\\\new,d,b,m,s,c\n"
        b"16,\\N,d,b,m,s,c\n"
        b"17,,d,b,m,s,c\n"
        b"18, x ,d,b,m,s,c\n",
    ),
    Written(
        "mariadb --batch",
        "10.11.19",
        b"i\tn\td\tb\tm\ts\tc\n"
        b"1\tname\td\tb\tm\ts\tc\n"
        b'2\t5" pipe\td\tb\tm\ts\tc\n'
        b'3\t"Bio" milk\td\tb\tm\ts\tc\n'
        b'4\t"Eco milk\td\tb\tm\ts\tc\n'
        b'5\t"Bio"\td\tb\tm\ts\tc\n'
        b"6\ta, b\td\tb\tm\ts\tc\n"
        b"7\ta\\tb\td\tb\tm\ts\tc\n"
        b'8\t{"k"=>"v, w"}\td\tb\tm\ts\tc\n'
        b"9\ta\\nb\td\tb\tm\ts\tc\n"
        b"10\ta\r"
        b"b\td\tb\tm\ts\tc\n"
        b"11\tC:\\\\dir\td\tb\tm\ts\tc\n"
        b"12\tC:\\\\\td\tb\tm\ts\tc\n"
        b"13\ta\\\\\\\\b\td\tb\tm\ts\tc\n"
        b'14\ta\\\\"b\td\tb\tm\ts\tc\n'
        b"15\tC:\\\\new\td\tb\tm\ts\tc\n"
        b"16\tNULL\td\tb\tm\ts\tc\n"
        b"17\t\td\tb\tm\ts\tc\n"
        b"18\t x \td\tb\tm\ts\tc\n",
    ),
)
