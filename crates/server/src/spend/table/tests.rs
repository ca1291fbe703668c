//! Files as ad platforms write them, cut short.

use super::*;

/// Lines as `line date channel campaign amount currency impressions clicks`.
fn told(reader: &Reader, file: &[u8]) -> (Form, Vec<String>) {
    let told = reader.spend(file).unwrap();
    let shown = told.entries.iter().map(|(line, one)| {
        let days = one.date.clone().unwrap_or_else(|| {
            format!("{}..{}", one.from.as_deref().unwrap_or(""), one.until.as_deref().unwrap_or(""))
        });
        let amount = one.amount.as_ref().and_then(|amount| amount.as_str()).unwrap_or("-");
        let count = |count: Option<u64>| count.map_or("-".to_owned(), |count| count.to_string());
        let currency = one.currency.as_deref().unwrap_or("-");
        let (channel, campaign) = (&one.channel, &one.campaign);
        let counts = format!("{} {}", count(one.impressions), count(one.clicks));
        format!("{line} {days} {channel} {campaign} {amount} {currency} {counts}")
    });
    let shown = shown.chain(told.refused.iter().map(|(line, fault)| format!("{line} {}!", fault.field)));
    let notes = format!("{} totals, {} added", told.totals, told.added);
    (told.form, shown.chain([notes]).collect())
}

#[test]
fn exports_of_ad_platforms_are_read_as_they_are() {
    let google = "Campaign report\n\"January 5, 2026 - January 6, 2026\"\nDay,Campaign,Currency code,Cost,Impr.,Clicks\n\
                  2026-01-05,New oil,EUR,\"1,234.50\",\"12,000\",310\n2026-01-06,New oil,EUR,0.07,--,0\n\
                  Total: Account, --,EUR,\"1,234.57\",\"12,000\",310\n";
    let expected = [
        "4 2026-01-05 paid-search New oil 1234.50 EUR 12000 310",
        "5 2026-01-06 paid-search New oil 0.07 EUR - 0",
        "1 totals, 0 added",
    ];
    assert_eq!(
        told(&Reader::default(), google.as_bytes()),
        (Form::Google, expected.map(str::to_owned).to_vec())
    );

    let meta = "\u{feff}\"Campaign name\",Day,\"Ad set name\",\"Amount spent (USD)\",Impressions,Reach,\"Link clicks\",\"Clicks (all)\",\"Reporting starts\",\"Reporting ends\"\n\
                ,,,30.10,900,,12,40,2026-01-05,2026-01-06\n\
                New oil,2026-01-05,women,20.05,600,500,8,30,2026-01-05,2026-01-05\n\
                New oil,2026-01-05,men,10.05,300,250,4,10,2026-01-05,2026-01-05\n";
    let expected = ["3 2026-01-05 paid-social New oil 30.10 USD 900 12", "1 totals, 1 added"];
    assert_eq!(told(&Reader::default(), meta.as_bytes()), (Form::Meta, expected.map(str::to_owned).to_vec()));

    let linkedin = "Campaign Performance Report (in UTC)\n\"Report Start: January 5, 2026, 12:00 AM\"\n\
                    \"Start Date (in UTC)\"\t\"Campaign Name\"\t\"Currency\"\t\"Total Spent\"\t\"Impressions\"\t\"Clicks\"\n\
                    1/5/2026\tOil for cooks\tEUR\t50.00\t1,000\t5\n12/1/2026\tOil for cooks\tEUR\t7\t1\t0\n";
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(linkedin.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let expected = [
        "4 2026-01-05 paid-social Oil for cooks 50.00 EUR 1000 5",
        "5 2026-12-01 paid-social Oil for cooks 7.00 EUR 1 0",
        "0 totals, 0 added",
    ];
    assert_eq!(told(&Reader::default(), &utf16), (Form::LinkedIn, expected.map(str::to_owned).to_vec()));

    let tiktok = "Campaign name,By Day,Cost,Impressions,Clicks (destination),Currency\n\
                  Oil clips,2026-01-05 00:00:00,9.99,5000,44,EUR\nTotal of 1 results,-,9.99,5000,44,EUR\n";
    let expected = ["2 2026-01-05 paid-social Oil clips 9.99 EUR 5000 44", "1 totals, 0 added"];
    assert_eq!(
        told(&Reader::default(), tiktok.as_bytes()),
        (Form::TikTok, expected.map(str::to_owned).to_vec())
    );
}

#[test]
fn the_simple_form_is_read_and_what_is_wrong_is_named_by_its_line() {
    let file = "date,channel,campaign,amount,currency,impressions,clicks\n\
                2026-01-05,radio,,300,EUR,,\n\
                2026-13-05,radio,,300,EUR,,\n\
                2026-01-05,,oil,1,EUR,,\n\
                2026-01-05,tv,oil,many,EUR,,\n\
                2026-01-05,tv,oil,1,EUR,-5,\n\
                ,,,,,,\n\
                2026-01-05,tv,oil,1,EUR,,\n2026-01-05,tv,oil,1,USD,,\n";
    let expected = [
        "2 2026-01-05 radio  300.00 EUR - -",
        "8 2026-01-05 tv oil 1.00 EUR - -",
        "3 day!",
        "4 channel!",
        "5 amount!",
        "6 impressions!",
        "9 currency!",
        "0 totals, 0 added",
    ];
    assert_eq!(
        told(&Reader::default(), file.as_bytes()),
        (Form::Simple, expected.map(str::to_owned).to_vec())
    );
    let european = "date;channel;amount\n5.1.2026;flyer;1.234,50\n06/01/2026;flyer;2\n31/01/2026;flyer;3\n";
    let reader = Reader { currency: Some("CHF".into()), ..Reader::default() };
    let expected = [
        "2 2026-01-05 flyer  1234.50 CHF - -",
        "3 2026-01-06 flyer  2.00 CHF - -",
        "4 2026-01-31 flyer  3.00 CHF - -",
        "0 totals, 0 added",
    ];
    assert_eq!(told(&reader, european.as_bytes()), (Form::Simple, expected.map(str::to_owned).to_vec()));
    let work = "date,channel,for,hours,rate\n2026-01-05,blog,people,7.5,32\n";
    assert_eq!(Reader::default().spend(work.as_bytes()).unwrap().entries[0].1.hours, Some("7.50".into()));
}

#[test]
fn what_cannot_be_known_is_asked_for() {
    let file = "date,channel,amount\n5/1/2026,tv,3\n";
    let error = Reader::default().spend(file.as_bytes()).err().unwrap().to_string();
    assert!(error.contains("5/1") && error.contains("--dates"), "{error}");
    for (day_first, expected) in [(true, "2026-01-05"), (false, "2026-05-01")] {
        let reader = Reader { day_first: Some(day_first), ..Reader::default() };
        assert_eq!(reader.spend(file.as_bytes()).unwrap().entries[0].1.date.as_deref(), Some(expected));
    }
    let error = Reader::default().spend(b"name,email\nAda,ada@example.com\n").err().unwrap().to_string();
    assert!(error.contains("Amount spent"), "{error}");
}

#[test]
fn flights_are_read_with_their_codes() {
    let file = "medium,station,from,until,cost,currency,contacts,codes,campaign\n\
                radio,Radio Arno,2026-01-05T08:15:00,2026-01-05T08:15:30,250,EUR,40000,ARNO OLIO,oil\n\
                flyer,Oltrarno,2026-01-05,,\"1,000\",EUR,,,\n\
                tv,Rai,2026-01-05,,some,EUR,,,\n";
    let told = Reader::default().flights(file.as_bytes()).unwrap();
    assert_eq!(told.entries.len(), 2);
    assert_eq!((told.entries[0].1.codes.len(), told.entries[0].1.contacts), (2, Some(40_000)));
    assert_eq!(told.entries[1].1.amount, Some("1000.00".into()));
    assert_eq!((told.refused[0].0, told.refused[0].1.field.as_str()), (4, "amount"));
}
