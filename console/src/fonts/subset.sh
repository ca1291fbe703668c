#!/bin/sh
# Makes the fonts of the console from the packages as published: fewer axes, fewer weights, the same letters.
# Needs fonttools and brotli (pip install fonttools==4.68.0 brotli==1.2.1) and, in FONTS, a folder in which this was run:
#   npm install @fontsource-variable/instrument-sans@5.3.0 @fontsource-variable/newsreader@5.3.0 \
#               @fontsource-variable/jetbrains-mono@5.3.0
set -eu
cd "$(dirname "$0")"
from="${FONTS:?the folder with node_modules}/node_modules/@fontsource-variable"
cut() { # family, file of the package, name here, axes, features
    fonttools varLib.instancer "$from/$1/files/$2.woff2" $4 --output="$3.ttf" --quiet
    pyftsubset "$3.ttf" --unicodes='*' --layout-features="$5" --flavor=woff2 --output-file="$3.woff2"
    rm "$3.ttf"
}
for half in latin latin-ext; do
    cut instrument-sans "instrument-sans-$half-standard-normal" "sans-$half" "wdth=96 wght=400:600" "kern,liga,tnum,mark,mkmk,ccmp,locl"
    cut newsreader "newsreader-$half-standard-normal" "serif-$half" "opsz=40 wght=430" "kern,liga,mark,mkmk,ccmp,locl,lnum"
done
cut jetbrains-mono jetbrains-mono-latin-wght-normal mono-latin "wght=420" "kern,mark,mkmk,ccmp,locl"
for family in instrument-sans newsreader jetbrains-mono; do cp "$from/$family/LICENSE" "OFL-$family.txt"; done
