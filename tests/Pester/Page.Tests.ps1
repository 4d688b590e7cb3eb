# The page with sliders: one file that needs no other, and what its script says of a recipe, which is what Measure-LoraResize says.
BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    Import-Module (Join-Path $PSScriptRoot '../../out/ResizeLora/ResizeLora.psd1')
    . (Join-Path $PSScriptRoot 'PageSupport.ps1')
    $userCache = $env:RESIZELORA_CACHE
    $env:RESIZELORA_CACHE = Join-Path $TestDrive 'cache'

    # What the script of a page says of recipes; a case is a recipe, a file by its number, and blocks that are left out.
    function Measure-Page([string] $Page, [object[]] $Case) {
        if (-not (Get-Command node -CommandType Application -ErrorAction Ignore)) {
            Set-ItResult -Skipped -Because 'Node.js, which runs the script of a page, is not here'
        }
        Invoke-PageProgram 'measure.mjs' $Page $Case
    }

    # A recipe of any kind, the same for the same seed. Numbers have few digits, as sliders give them.
    function Get-AnyRecipe([int] $Seed, [string[]] $Score) {
        $random = [System.Random]::new($Seed)
        function Get-Number([double] $Low, [double] $High) { [Math]::Round($Low + ($High - $Low) * $random.NextDouble(), 2) }
        $weights = foreach ($name in $Score | Where-Object { $random.Next(3) -eq 0 }) { "$name=$(Get-Number 0.1 2)" }
        $cut = switch ($random.Next(7)) {
            0 { "thr=$(Get-Number -2.5 0)" }
            1 { "size=$(Get-Number 0.02 0.3)" }
            2 { "retain=$(Get-Number 0.3 1)" }
            3 { "keep=$(Get-Number 0.15 0.9)" }
            4 { "loss=$(Get-Number 0.01 0.12)" }
            5 { "retain=$(Get-Number 0.3 1)", "size=$(Get-Number 0.02 0.3)" }
            6 { if ($weights) { "thr=$(Get-Number -2.5 0)" } }
        }
        if ($cut -match '^thr' -and -not $weights) { $weights = , 'spn_lora=1' }
        if (-not $Score.Contains('spn_ckpt')) { $cut = $cut -replace '^loss.*', 'retain=0.9' }
        $limits = @(
            switch ($random.Next(6)) {
                0 { "sv_ratio=$(Get-Number 1 20)" }
                1 { "sv_fro=$(Get-Number 0.5 1)" }
                2 { "sv_cumulative=$(Get-Number 0.5 1)"; if ($random.Next(2)) { 'sv_count=old' } }
                3 { 'sv_knee' }
            }
            if ($random.Next(4) -eq 0) { "rank=$($random.Next(1, 17))" }
            if ($random.Next(4) -eq 0) { "conv_rank=$($random.Next(1, 17))" }
        )
        if (-not $cut) { $weights = @(); if (-not $limits) { $limits = , 'rank=4' } }
        $rescale = if ($random.Next(4) -eq 0) { "rescale=$(Get-Number 0.3 1.5)" }
        (@($weights) + @($rescale) + @($cut) + $limits | Where-Object { $_ }) -join ','
    }

    # Compares numbers of the page with those of the cmdlet: sizes and ranks to the last digit, errors to 1e-9.
    function Assert-SameMeasurement($OfPage, $OfCmdlet) {
        $OfPage.newLength | Should -Be $OfCmdlet.NewLength -Because $OfCmdlet.Recipe
        $OfPage.newRank | Should -Be $OfCmdlet.NewRank -Because $OfCmdlet.Recipe
        $OfPage.oldRank | Should -Be $OfCmdlet.OldRank
        $OfPage.layersKept | Should -Be $OfCmdlet.LayersKept
        $OfPage.layersDropped | Should -Be $OfCmdlet.LayersDropped
        $OfPage.layersPassedThrough | Should -Be $OfCmdlet.LayersPassedThrough
        $threshold = if ($null -ne $OfPage.threshold) { [double] $OfPage.threshold }
        $threshold | Should -Be $OfCmdlet.Threshold -Because $OfCmdlet.Recipe
        foreach ($name in 'RelativeErrorToLora', 'RelativeErrorToBase', 'Retained', 'FrobeniusRetention', 'FrobeniusRetentionDeviation') {
            if ($null -eq $OfCmdlet.$name) {
                $OfPage.$name | Should -BeNullOrEmpty
                continue
            }
            [Math]::Abs($OfPage.$name - $OfCmdlet.$name) | Should -BeLessOrEqual 1e-9 -Because "$name of $($OfCmdlet.Recipe)"
        }
        @($OfPage.layers.newRank) | Should -Be @($OfCmdlet.Layers.NewRank) -Because $OfCmdlet.Recipe
    }

    # Compares a page with Measure-LoraResize at so many recipes; gives how many could be applied.
    function Compare-PageWithCmdlet([System.IO.FileInfo] $Page, [string[]] $Recipe, [hashtable] $Measure) {
        $ofPage = Measure-Page $Page.FullName @($Recipe | ForEach-Object { @{ recipe = $_ } })
        $applied = 0
        for ($i = 0; $i -lt $Recipe.Count; $i++) {
            $ofCmdlet = Measure-LoraResize @Measure -Recipe $Recipe[$i] -Force -ErrorAction SilentlyContinue -WarningAction SilentlyContinue
            if ($ofCmdlet) {
                Assert-SameMeasurement $ofPage[$i] $ofCmdlet
                $applied++
            }
            else {
                $ofPage[$i].error | Should -Not -BeNullOrEmpty -Because $Recipe[$i]
            }
        }
        $applied
    }
}

AfterAll {
    $env:RESIZELORA_CACHE = $userCache
}

Describe 'A page of LoRA files' {
    It 'is one file for all of them, by the name that -Destination gives it' {
        $folder = New-TestFolder
        $files = foreach ($name in 'one', 'two') { Copy-Sample 'lora' (Join-Path $folder "$name.safetensors") }
        $page = Export-LoraSpectrum $files -Checkpoint $base -Destination (Join-Path $folder 'spectra.html')
        $page.Name | Should -Be 'spectra.html'
        $text = [System.IO.File]::ReadAllText($page.FullName)
        $text.Contains('<title>Spectra of one.safetensors, two.safetensors</title>') | Should -BeTrue
        (Measure-Page $page.FullName @{ recipe = 'spn_lora=1,thr=-1'; file = 1 }).newRank | Should -BeGreaterThan 0
    }

    It 'is one file each in a folder' {
        $folder = New-TestFolder
        $files = foreach ($name in 'one', 'two') { Copy-Sample 'lora' (Join-Path $folder "$name.safetensors") }
        $files | Export-LoraSpectrum -OutputDirectory $folder -Format Html | ForEach-Object Name |
            Should -Be @('one.spectrum.html', 'two.spectrum.html')
    }

    It 'asks for nothing from elsewhere' {
        $page = Export-LoraSpectrum $lora -Destination (Join-Path (New-TestFolder) 'page.htm')
        $text = [System.IO.File]::ReadAllText($page.FullName)
        # The text is too long to be shown by a failing match.
        $text -match "Content-Security-Policy[^>]*default-src 'none'" | Should -BeTrue
        $text -match '<(link|img|iframe)\b[^>]*(href|src)=["'']?(https?:)?//' | Should -BeFalse
        $text -match '@import|url\(\s*["'']?(https?:)?//' | Should -BeFalse
    }

    It 'is written once, after the last file, and not at all under -WhatIf' {
        $path = Join-Path (New-TestFolder) 'page.html'
        $lora, $lora | Export-LoraSpectrum -Destination $path -WhatIf | Should -BeNullOrEmpty
        $path | Should -Not -Exist
    }

    It 'never replaces a file without -Force' {
        $path = Join-Path (New-TestFolder) 'page.html'
        [System.IO.File]::WriteAllText($path, 'mine')
        Export-LoraSpectrum $lora -Destination $path -ErrorVariable errors -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'OutputExists*'
        (Export-LoraSpectrum $lora -Destination $path -Force).Length | Should -BeGreaterThan 1000
    }

    It 'has the files that can be read where another cannot' {
        $folder = New-TestFolder
        $broken = Join-Path $folder 'broken.safetensors'
        [System.IO.File]::WriteAllText($broken, '<html>')
        $page = Export-LoraSpectrum $lora, $broken -Destination (Join-Path $folder 'page.html') -ErrorVariable errors -ErrorAction SilentlyContinue
        $errors | Should -HaveCount 1
        [System.IO.File]::ReadAllText($page.FullName).Contains('<title>Spectra of lora.safetensors</title>') | Should -BeTrue
    }

    It 'replaces none of the files that it shows, whatever -Force says' {
        $folder = New-TestFolder
        $one, $two = foreach ($name in 'one', 'two') { Copy-Sample 'lora' (Join-Path $folder "$name.safetensors") }
        $before = Get-Sha256 $two
        Export-LoraSpectrum $one, $two -Destination $two -Format Html -Force -ErrorVariable errors -ErrorAction SilentlyContinue |
            Should -BeNullOrEmpty
        $errors | Should -Not -BeNullOrEmpty
        Get-Sha256 $two | Should -Be $before
    }

    It 'has a file of another family too, without the scores that need its base model' {
        $other = Write-SafetensorsFile (Join-Path (New-TestFolder) 'flux.safetensors') (New-Layer 'lora_unet_double_blocks_0_img_attn_proj')
        $page = Export-LoraSpectrum $lora, $other -Checkpoint $base -Recipe 'subspace=1,thr=-1', 'spn_lora=1,thr=-1' `
            -Destination (Join-Path (New-TestFolder) 'page.html') -ErrorVariable errors -WarningAction SilentlyContinue
        $errors | Should -BeNullOrEmpty
        (Measure-Page $page.FullName @{ recipe = 'spn_lora=1,thr=-3'; file = 1 })[0].layersKept | Should -Be 1
    }

    It 'cannot be broken by names of strangers' {
        $evil = '</script><script>alert(1)</script><img src=x onerror=alert(1)>'
        $path = Join-Path (New-TestFolder) 'a&b ''quoted''.safetensors'
        $layer = New-Layer $queryLayer
        $other = New-Layer "lora_unet_$evil"
        $null = Write-SafetensorsFile $path (@($layer) + @($other)) @{ ss_training_comment = $evil }
        $page = Export-LoraSpectrum -LiteralPath $path -Destination (Join-Path (New-TestFolder) 'page.html')
        $text = [System.IO.File]::ReadAllText($page.FullName)
        $text.Contains('alert(1)</script>') | Should -BeFalse
        $text.Contains('<img src=x') | Should -BeFalse
        $text.Contains('<title>Spectra of a&amp;b &#39;quoted&#39;.safetensors</title>') | Should -BeTrue
        $applied = Compare-PageWithCmdlet $page 'spn_lora=1,thr=-0.3', 'spn_lora=1,thr=-2', 'size=0.01' @{ LiteralPath = $path }
        $applied | Should -BeGreaterThan 1
    }
}

Describe 'What a page says of a recipe' {
    BeforeAll {
        $folder = New-TestFolder
        $scores = 'spn_ckpt', 'spn_lora', 'fro_ckpt', 'fro_lora', 'params'
    }

    It 'is what Measure-LoraResize says, to the byte: <name>' -ForEach @(
        @{ name = 'a LoRA with text encoders'; sample = 'lora'; options = @{} }
        @{ name = 'LoKr'; sample = 'lokr'; options = @{} }
        @{ name = 'LoHa'; sample = 'loha'; options = @{} }
        @{ name = 'whole differences'; sample = 'extracted'; options = @{ IncludeDifference = $true } }
    ) {
        $common = @{ LiteralPath = (Get-SamplePath $sample); Checkpoint = $base } + $options
        $subspace = 'subspace=1,thr=-1'
        $page = Export-LoraSpectrum @common -Destination (Join-Path $folder "$sample.html") -Recipe $subspace
        $recipes = @(1..60 | ForEach-Object { Get-AnyRecipe $_ ($scores + 'subspace') }) + $subspace
        Compare-PageWithCmdlet $page $recipes $common | Should -BeGreaterThan 20
    }

    It 'is the same without a base model' {
        $page = Export-LoraSpectrum $lora -Destination (Join-Path $folder 'alone.html')
        $recipes = 1..40 | ForEach-Object { Get-AnyRecipe $_ 'spn_lora', 'fro_lora', 'params' }
        Compare-PageWithCmdlet $page $recipes @{ LiteralPath = $lora } | Should -BeGreaterThan 20
    }

    It 'is the same where layers have no base weight, which are copied' {
        $path = Write-SafetensorsFile (Join-Path $folder 'more.safetensors') (@(New-Layer $queryLayer) + @(New-Layer 'lora_unet_input_blocks_9_9_proj'))
        $page = Export-LoraSpectrum $path -Checkpoint $base -Destination (Join-Path $folder 'more.html')
        $recipes = @(1..30 | ForEach-Object { Get-AnyRecipe $_ $scores }) + 'spn_ckpt=1,thr=-3'
        Compare-PageWithCmdlet $page $recipes @{ LiteralPath = $path; Checkpoint = $base } | Should -BeGreaterThan 10
    }

    Context 'in PEFT''s names, of a Flux-shaped LoRA' {
        BeforeAll {
            # 12 dimensions for each of a few projections; the second block has rank 3, so that the settings name it.
            function New-PeftLayer([string] $Prefix) {
                foreach ($module in 'transformer_blocks.0.attn.to_q', 'transformer_blocks.0.attn.to_k', 'single_transformer_blocks.1.proj_out') {
                    $layer = New-Layer 'x' -Rank ($module -like 'single*' ? 3 : 12)
                    New-Tensor "$Prefix$module.lora_A.weight" $layer[1].Shape $null 'F32' $layer[1].Bytes
                    New-Tensor "$Prefix$module.lora_B.weight" $layer[2].Shape $null 'F32' $layer[2].Bytes
                }
            }

            $recipes = @(1..30 | ForEach-Object { Get-AnyRecipe $_ 'spn_lora', 'fro_lora' }) + 'spn_lora=1,thr=-0.5', 'spn_lora=1,thr=-3', 'rank=11'
        }

        It 'is the same where the settings stand in the header' {
            $settings = '{"transformer.r": 12, "transformer.lora_alpha": 6.0, "transformer.rank_pattern": {"single_transformer_blocks.1.proj_out": 3}}'
            $metadata = @{ format = 'pt'; lora_adapter_metadata = $settings }
            $path = Write-SafetensorsFile (Join-Path $folder 'diffusers.safetensors') (New-PeftLayer 'transformer.') $metadata
            $page = Export-LoraSpectrum $path -Destination (Join-Path $folder 'diffusers.html')
            Compare-PageWithCmdlet $page $recipes @{ LiteralPath = $path } | Should -BeGreaterThan 15
        }

        It 'is the same for a folder with its settings beside it' {
            $peft = (New-Item -ItemType Directory (Join-Path $folder 'peft')).FullName
            $path = Write-SafetensorsFile (Join-Path $peft 'adapter_model.safetensors') (New-PeftLayer 'base_model.model.')
            [System.IO.File]::WriteAllText((Join-Path $peft 'adapter_config.json'), '{ "peft_type": "LORA", "r": 12, "lora_alpha": 6 }')
            $page = Export-LoraSpectrum -LiteralPath $path -Destination (Join-Path $folder 'peft.html')
            Compare-PageWithCmdlet $page $recipes @{ LiteralPath = $path } | Should -BeGreaterThan 15
        }
    }

    It 'is what is left where blocks are left out, as Where-Object leaves out their layers' {
        $page = Export-LoraSpectrum $lora -Checkpoint $base -Destination (Join-Path $folder 'blocks.html')
        $layers = Get-LoraSpectrum $lora -Checkpoint $base
        $left = @($layers | Where-Object { $_.Component -eq 'UNet' } | Select-Object -ExpandProperty Block -Unique -First 2)
        foreach ($recipe in 'spn_ckpt=1,thr=-1.2', 'spn_lora=1,size=0.1', 'fro_ckpt=1,params=0.1,retain=0.8') {
            $ofPage = Measure-Page $page.FullName @{ recipe = $recipe; leftOut = @($left | ForEach-Object { "UNet/$_" }) }
            $ofCmdlet = $layers | Where-Object { -not ($_.Component -eq 'UNet' -and $_.Block -in $left) } |
                Measure-LoraResize -Recipe $recipe -Checkpoint $base
            Assert-SameMeasurement $ofPage[0] $ofCmdlet
        }
    }
}

Describe 'Show-LoraSpectrum' {
    BeforeAll {
        # xdg-open asks this variable which browser to start; the stand-in notes what it was asked to open.
        $opened = Join-Path $TestDrive 'opened.txt'
        $browser = Join-Path $TestDrive 'browser.sh'
        [System.IO.File]::WriteAllText($browser, "#!/bin/sh`necho `"`$1`" >> '$opened'`n")
        if ($IsLinux) { & chmod +x $browser }
        $userBrowser = $env:BROWSER
        $env:BROWSER = $browser
    }

    AfterAll {
        $env:BROWSER = $userBrowser
    }

    It 'writes a page to a temporary place and gives it with -PassThru' {
        $page = Show-LoraSpectrum $lora -Checkpoint $base -PassThru -WarningAction SilentlyContinue
        $page.Name | Should -Be 'spectra.html'
        $page.FullName | Should -BeLike "$([System.IO.Path]::GetTempPath())*"
        (Measure-Page $page.FullName 'spn_ckpt=1,thr=-1.2')[0].newLength |
            Should -Be (Measure-LoraResize $lora -Checkpoint $base).NewLength
        [System.IO.Directory]::Delete($page.DirectoryName, $true)
    }

    It 'opens it in the browser, or says where it is' {
        if (-not $IsLinux) { Set-ItResult -Skipped -Because 'the stand-in for the browser is a shell script that xdg-open starts' }
        Show-LoraSpectrum $lora -WarningVariable warnings -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        if (Get-Command xdg-open -ErrorAction Ignore) {
            for ($i = 0; $i -lt 50 -and -not (Test-Path $opened); $i++) { Start-Sleep -Milliseconds 100 }
            Get-Content $opened -Tail 1 | Should -BeLike '*spectra.html'
        }
        else {
            $warnings[0].Message | Should -BeLike '*The page is ''*spectra.html''.'
        }
    }

    It 'shows layers that come down the pipeline' {
        $page = Get-LoraSpectrum $lora | Where-Object Component -EQ 'UNet' | Show-LoraSpectrum -PassThru -WarningAction SilentlyContinue
        (Measure-Page $page.FullName 'spn_lora=1,thr=-3')[0].layers | Should -HaveCount 27
        [System.IO.Directory]::Delete($page.DirectoryName, $true)
    }
}
