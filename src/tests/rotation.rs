//! Words behind the executable's name, and the one that changes the master key.

use serde_json::{Value, json};

use crate::{
    hub::{MASTER_KEY, Setup},
    postgres,
    proxies::{Kind, Proxy},
    world::{Key, Provider, UPSTREAM_SECRET, World},
};

/// Another master key.
const NEW_KEY: &str = "//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=";

const ROTATE: &[&str] = &["rotate-master-key"];

#[tokio::test]
async fn it_tells_its_version_and_what_it_can_and_refuses_other_words() {
    let setup = Setup::bare();
    assert_eq!(setup.run(&["--version"]).await, (true, format!("switchyard {}\n", env!("CARGO_PKG_VERSION"))));
    let (good, help) = setup.run(&["--help"]).await;
    assert!(good && help.contains("rotate-master-key") && help.contains("--version"), "{help}");
    for words in [&["--port"][..], &["rotate-master-key", "now"], &["--help", "--version"], &[""]] {
        let (good, said) = setup.run(words).await;
        assert!(!good && said.contains(&words.join(" ")) && said.contains("--help"), "{words:?}: {said}");
    }
    assert!(!setup.data.exists(), "no word has started anything");
}

/// A provider that is reached through a proxy, and one that is deleted: of it nothing is sealed any more.
async fn providers(world: &World) -> (Provider, Proxy, Key) {
    let proxy = Proxy::start(Kind::Http).await;
    let fields = json!({"proxy_url": format!("http://user:pass@{}", proxy.address)});
    let provider = world.provider_with("a", fields.clone()).await;
    let deleted = world.provider_with("b", fields).await;
    let path = format!("/admin/v1/providers/{}", deleted.id);
    assert_eq!(world.admin("DELETE", &path, &Value::Null).await.0, 204);
    let key = world.key().await;
    serves(world, &key, &provider, &proxy).await;
    (provider, proxy, key)
}

/// A call reaches the provider with its secret, through the proxy with its password.
async fn serves(world: &World, key: &Key, provider: &Provider, proxy: &Proxy) {
    assert_eq!(world.message(key).await.status, 200);
    assert_eq!(provider.script.requests().last().unwrap().all("x-api-key"), [UPSTREAM_SECRET]);
    let asked = proxy.asked();
    assert!(asked.last().unwrap().ends_with(" as Basic dXNlcjpwYXNz"), "{asked:?}");
}

async fn stop(world: &World) {
    world.hub.terminate();
    assert!(world.hub.stopped().await.success());
}

#[tokio::test]
async fn what_earlier_releases_left_of_deleted_providers_is_erased() {
    let world = World::alone().await;
    let (provider, proxy, key) = providers(&world).await;
    let left = "select count(*) as n from providers p join credentials c on c.provider_id = p.id
        where p.deleted_at is not null
            and (c.secret_sealed <> '' or p.proxy_sealed is not null or p.proxy_masked is not null)";
    assert_eq!(world.value(left).await, 0);
    stop(&world).await;
    // As if one of them had deleted it, and had stopped for this one just now.
    let earlier = "
        update credentials c set secret_sealed = 'sealed' from providers p
            where p.id = c.provider_id and p.deleted_at is not null;
        update providers set proxy_sealed = 'sealed', proxy_masked = 'http://proxy' where deleted_at is not null;
        delete from _sqlx_migrations where version = 22;";
    postgres::execute(world.dsn(), earlier).await;
    assert_eq!(world.value(left).await, 1);
    world.hub.start_again().await;
    assert_eq!(world.value(left).await, 0);
    serves(&world, &key, &provider, &proxy).await;
}

#[tokio::test]
async fn the_master_key_of_a_variable_is_replaced_by_another_variable() {
    let world = World::alone().await;
    let (provider, proxy, key) = providers(&world).await;
    let setup = world.hub.setup.clone();
    let elsewhere = Setup::bare().with_dsn(world.dsn()).set("NEW_MASTER_KEY", NEW_KEY);
    for running in [&setup.clone().set("NEW_MASTER_KEY", NEW_KEY), &elsewhere] {
        let (good, said) = running.run(ROTATE).await;
        assert!(!good && said.contains("hub") && said.contains("stop it"), "{said}");
    }
    stop(&world).await;

    let sealed = "select secret_sealed::text || coalesce(proxy_sealed::text, '') as sealed from providers p \
                  join credentials c on c.provider_id = p.id where p.deleted_at is null order by p.id";
    let before = world.rows(sealed).await;
    for (name, value, word) in [
        ("NEW_MASTER_KEY", "", "NEW_MASTER_KEY"),
        ("NEW_MASTER_KEY", "c2hvcnQ=", "NEW_MASTER_KEY"),
        ("NEW_MASTER_KEY", MASTER_KEY, "NEW_MASTER_KEY"),
    ] {
        let (good, said) = setup.clone().set(name, value).run(ROTATE).await;
        assert!(!good && said.contains(word) && !said.contains(MASTER_KEY), "{value}: {said}");
    }
    let wrong = setup.clone().set("MASTER_KEY", NEW_KEY).set("NEW_MASTER_KEY", MASTER_KEY);
    let (good, said) = wrong.run(ROTATE).await;
    assert!(!good && said.contains("MASTER_KEY is not the key"), "{said}");
    assert_eq!(world.rows(sealed).await, before, "nothing has changed");

    let (good, said) = setup.clone().set("NEW_MASTER_KEY", NEW_KEY).run(ROTATE).await;
    assert!(good && said.contains("1 secrets and 1 proxies"), "{said}");
    assert!(!said.contains(NEW_KEY) && !said.contains(UPSTREAM_SECRET), "{said}");
    let after = world.rows(sealed).await;
    assert!(before.iter().zip(&after).all(|(before, after)| before != after), "{after:?}");
    let (status, said) = setup.clone().fails().await;
    assert!(!status.success() && said.contains("MASTER_KEY is not the key"), "{said}");
    let again = World::with(setup.set("MASTER_KEY", NEW_KEY)).await;
    serves(&again, &key, &provider, &proxy).await;
}

#[tokio::test]
async fn a_master_key_in_its_file_is_replaced_by_a_generated_one() {
    let world = World::with(Setup::bare()).await;
    let (provider, proxy, key) = providers(&world).await;
    let setup = world.hub.setup.clone();
    let (file, next) = (setup.data.join("master.key"), setup.data.join("master.key.new"));
    let read = || std::fs::read_to_string(&file).unwrap();
    let old = read();
    stop(&world).await;

    let (good, said) = setup.run(ROTATE).await;
    assert!(good && said.contains(file.to_str().unwrap()), "{said}");
    let new = read();
    assert!(new != old && !said.contains(new.trim()) && !next.exists(), "{said}");
    world.hub.start_again().await;
    serves(&world, &key, &provider, &proxy).await;
    stop(&world).await;

    // As if it had been cut when everything was sealed and the file was not yet in its place.
    std::fs::write(&next, &new).unwrap();
    std::fs::write(&file, &old).unwrap();
    let (status, said) = setup.clone().fails().await;
    assert!(!status.success() && said.contains("rotate-master-key"), "{said}");
    let (good, said) = setup.run(ROTATE).await;
    assert!(good, "{said}");
    assert!(read() == new && !next.exists());
    // As if it had been cut before.
    std::fs::write(&next, NEW_KEY).unwrap();
    let (good, said) = setup.run(ROTATE).await;
    assert!(good, "{said}");
    assert!(read().trim() == NEW_KEY && !next.exists());
    world.hub.start_again().await;
    serves(&world, &key, &provider, &proxy).await;
}
